/** One request's stack, as CloudFormation tells of it: whose it is, how far it is, and its end. */
import {
  type Change as ChangeOfAws, CloudFormationClient, CloudFormationServiceException, DeleteChangeSetCommand,
  DeleteStackCommand, DescribeChangeSetCommand, DescribeStackResourcesCommand, DescribeStacksCommand,
  type DescribeChangeSetOutput, paginateDescribeStackEvents, paginateListChangeSets, type Tag,
} from '@aws-sdk/client-cloudformation';
import { fromIni } from '@aws-sdk/credential-providers';
import type { Action, Change, Request } from './contract.js';
import { refused } from './failures.js';
import type { Progress } from './progress.js';

/** A stack that was planned and never built. */
export const IN_REVIEW = 'REVIEW_IN_PROGRESS';
const LOOK_AGAIN = 2_000;

export interface Seen {
  readonly id: string;
  readonly status: string;
  readonly reason: string;
  readonly ours: boolean;
  readonly outputs: Readonly<Record<string, string>>;
}

export interface ChangeSet {
  readonly id: string;
  readonly stackId: string;
  /** Whether it can be executed, or was: `AVAILABLE`, `EXECUTE_COMPLETE`, `OBSOLETE` … */
  readonly execution: string;
  readonly ours: boolean;
  readonly changes: readonly Change[];
}

/** The keys of the profile that was approved, and never another one's. */
export function credentials({ profile, region }: Request) {
  return fromIni({ profile, clientConfig: { region } });
}

/** Whether the making of a stack has ended badly. */
export function isFailed({ status }: Seen): boolean {
  return ['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED'].includes(status);
}

export class RequestStack {
  readonly client: CloudFormationClient;
  readonly #request: Request;

  constructor(request: Request) {
    if (!request.applicationId || !request.resourceName) {
      throw refused('BadRequest', 'The request has no ID, or no name for its stack.');
    }
    this.#request = request;
    this.client = new CloudFormationClient({ region: request.region, credentials: credentials(request) });
  }

  get name(): string {
    return this.#request.resourceName;
  }

  /** What is there under the request's name. */
  async find(): Promise<Seen | undefined> {
    const seen = await this.see(this.name);
    if (!seen || seen.ours || seen.status !== IN_REVIEW) {
      return seen;
    }
    // Before it is built there is nothing in it, and it may not show its tags: what is planned in it does.
    const sets = await Promise.all((await this.changeSetIds()).map((id) => this.changeSet(id)));
    return { ...seen, ours: sets.every((set) => !set || set.ours) };
  }

  /** A stack by its name or its ID. One that was deleted is none. */
  async see(stack: string): Promise<Seen | undefined> {
    const answer = await orNothing(this.client.send(new DescribeStacksCommand({ StackName: stack })));
    const found = answer?.Stacks?.[0];
    if (!found?.StackId || !found.StackStatus || found.StackStatus === 'DELETE_COMPLETE') {
      return undefined;
    }
    return {
      id: found.StackId,
      status: found.StackStatus,
      reason: found.StackStatusReason ?? '',
      ours: this.#isOurs(found.Tags),
      outputs: Object.fromEntries((found.Outputs ?? []).map(({ OutputKey, OutputValue }) => [OutputKey, OutputValue])),
    };
  }

  async changeSetIds(): Promise<string[]> {
    const ids: string[] = [];
    for await (const page of paginateListChangeSets({ client: this.client }, { StackName: this.name })) {
      ids.push(...(page.Summaries ?? []).flatMap(({ ChangeSetId }) => ChangeSetId ?? []));
    }
    return ids;
  }

  /** A change set by its ID, or by its name in this stack, with all pages of its changes. */
  async changeSet(idOrName: string): Promise<ChangeSet | undefined> {
    const changes: ChangeOfAws[] = [];
    let page: DescribeChangeSetOutput | undefined;
    do {
      const asked: DescribeChangeSetCommand = new DescribeChangeSetCommand({
        ChangeSetName: idOrName,
        // An ID says itself in which stack it is.
        StackName: idOrName.startsWith('arn:') ? undefined : this.name,
        NextToken: page?.NextToken,
      });
      page = await orNothing(this.client.send(asked));
      if (!page) {
        return undefined;
      }
      changes.push(...(page.Changes ?? []));
    } while (page.NextToken);
    return {
      id: page.ChangeSetId ?? idOrName,
      stackId: page.StackId ?? this.name,
      execution: page.ExecutionStatus ?? '',
      ours: page.StackName === this.name && this.#isOurs(page.Tags),
      changes: changes.flatMap(asChange),
    };
  }

  async deleteChangeSet(id: string): Promise<void> {
    await orNothing(this.client.send(new DeleteChangeSetCommand({ ChangeSetName: id })));
  }

  /** Watches a stack until it is made. @throws what failed, by its resource and reason. */
  async made(id: string, size: number, progress: Progress): Promise<Seen> {
    for (;;) {
      const seen = await this.see(id);
      if (seen?.status === 'CREATE_COMPLETE') {
        return seen;
      }
      if (!seen?.status.endsWith('_IN_PROGRESS')) {
        throw refused('StackFailed', (await this.#whyFailed(id)) ?? seen?.reason ?? 'The stack is gone.');
      }
      const doing = seen.status.startsWith('ROLLBACK') ? 'Rolling back' : 'Creating';
      progress.tell((await this.#finished(id)) + 1, size, `${doing} the stack`);
      await progress.pause(LOOK_AGAIN);
    }
  }

  /** Deletes a stack by its ID, so that a late call meets no other of this name; waits for its end. */
  async delete(id: string, progress: Progress): Promise<void> {
    await orNothing(this.client.send(new DeleteStackCommand({ StackName: id })));
    for (let seen = await this.see(id); seen; seen = await this.see(id)) {
      if (seen.status === 'DELETE_FAILED') {
        const why = (await this.#whyFailed(id)) ?? seen.reason;
        throw refused('NotDeleted', `The stack cannot be deleted: ${why}`, 'A bucket has to be empty before it can go.');
      }
      await progress.pause(LOOK_AGAIN);
    }
  }

  #isOurs(tags: readonly Tag[] | undefined): boolean {
    return tags?.some(({ Key, Value }) => Key === 'provision-bot:request' && Value === this.#request.applicationId) ?? false;
  }

  async #finished(id: string): Promise<number> {
    const answer = await orNothing(this.client.send(new DescribeStackResourcesCommand({ StackName: id })));
    return (answer?.StackResources ?? []).filter(({ ResourceStatus }) => ResourceStatus === 'CREATE_COMPLETE').length;
  }

  /** The newest failure that is not only another one's consequence. */
  async #whyFailed(id: string): Promise<string | undefined> {
    for await (const page of paginateDescribeStackEvents({ client: this.client }, { StackName: id })) {
      const failed = page.StackEvents?.find(({ ResourceStatus, ResourceStatusReason: reason, PhysicalResourceId }) =>
        ResourceStatus?.endsWith('_FAILED') && PhysicalResourceId !== id && !/cancelled/i.test(reason ?? ''));
      if (failed) {
        return `${failed.LogicalResourceId} (${failed.ResourceType}): ${failed.ResourceStatusReason ?? failed.ResourceStatus}`;
      }
    }
    return undefined;
  }
}

function asChange({ ResourceChange: change }: ChangeOfAws): Change[] {
  if (!change?.Action) {
    return [];
  }
  const replaces = change.Replacement === 'True' || change.Replacement === 'Conditional';
  const words: Partial<Record<string, Action>> = { Add: 'add', Modify: replaces ? 'replace' : 'change', Remove: 'remove' };
  // What is not known beforehand is shown as the worst that it may come to.
  const action = words[change.Action] ?? 'replace';
  return [{ action, type: change.ResourceType ?? '', name: change.LogicalResourceId ?? '' }];
}

/** An answer, or nothing where CloudFormation says that there is no such stack or change set. */
async function orNothing<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof CloudFormationServiceException && isMissing(error)) {
      return undefined;
    }
    throw error;
  }
}

function isMissing({ name, message }: CloudFormationServiceException): boolean {
  return name.startsWith('ChangeSetNotFound') || (name === 'ValidationError' && message.includes('does not exist'));
}
