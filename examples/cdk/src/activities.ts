/** The activities, under the names that the blueprint gives them. Each may run twice. */
import { findings } from './app.js';
import type { Action, Inspected, Plan, Provisioned, Request } from './contract.js';
import { drift } from './drift.js';
import { refused, stale, taken } from './failures.js';
import { alive, type Progress } from './progress.js';
import { type ChangeSet, IN_REVIEW, isFailed, RequestStack, type Seen } from './stack.js';
import { execute, propose } from './toolkit.js';

/** What would be built, as a change set that is not executed. */
export async function plan(request: Request): Promise<Plan> {
  return await alive(request, 'Planning', async (progress) => {
    const set = await proposed(request, new RequestStack(request), progress);
    const counts: Record<Action, number> = { add: 0, change: 0, replace: 0, remove: 0 };
    for (const { action } of set.changes) {
      counts[action] += 1;
    }
    return { planId: set.id, counts, changes: set.changes, findings: findings(request), link: page(request, set) };
  });
}

/** Builds the plan that was approved, once, and watches it to its end, whichever attempt began it. */
export async function provision(request: Request): Promise<Provisioned> {
  return await alive(request, 'Building the stack', async (progress) => {
    const stack = new RequestStack(request);
    const set = request.planId ? await stack.changeSet(request.planId) : await unasked(request, stack, progress);
    if (!set?.ours) {
      throw stale('The plan is gone.');
    }
    const seen = await stack.see(set.stackId);
    if (!seen || isFailed(seen) || set.execution === 'EXECUTE_FAILED') {
      throw stale('The plan is used up by a try that failed.');
    }
    if (set.execution === 'AVAILABLE') {
      await progress.mayGoOn();
      await begin(request, stack, set, progress);
    } else if (!set.execution.startsWith('EXECUTE')) {
      throw stale(`The plan cannot be built any more: it is ${set.execution.toLowerCase()}.`);
    }
    return result(request, set, await stack.made(set.stackId, set.changes.length, progress));
  });
}

/** Removes what `plan` left: its change set, and the empty stack around it. */
export async function discard(request: Request): Promise<void> {
  await alive(request, 'Discarding the plan', async (progress) => {
    const stack = new RequestStack(request);
    const seen = await stack.find();
    if (!seen?.ours || seen.status !== IN_REVIEW) {
      return;
    }
    const { planId } = request;
    const others = (await stack.changeSetIds()).filter((id) => id !== planId);
    if (planId && others.length > 0) {
      await stack.deleteChangeSet(planId); // a newer plan is in the same stack
    } else {
      await stack.delete(seen.id, progress);
    }
  });
}

/** Removes all that `provision` made, as far as it got. */
export async function destroy(request: Request): Promise<void> {
  await alive(request, 'Deleting the stack', async (progress) => {
    const stack = new RequestStack(request);
    const seen = await stack.find();
    if (seen && !seen.ours) {
      throw taken(stack.name);
    }
    if (seen) {
      await stack.delete(seen.id, progress);
    }
  });
}

/** Looks whether what was built is there, whose it is, and what is not as it was made. */
export async function inspect(request: Request): Promise<Inspected> {
  return await alive(request, 'Comparing the stack with its template', async (progress) => {
    const stack = new RequestStack(request);
    const seen = await stack.find();
    const exists = seen !== undefined && seen.status !== IN_REVIEW;
    const ours = seen?.ours ?? false;
    return { exists, ours, drift: exists && ours ? await drift(stack.client, seen.id, progress) : [] };
  });
}

/** A new change set, or the same one anew. */
async function proposed(request: Request, stack: RequestStack, progress: Progress): Promise<ChangeSet> {
  const seen = await stack.find();
  if (seen && !seen.ours) {
    throw taken(stack.name);
  }
  // What is left of a try that failed the toolkit removes.
  if (seen && seen.status !== IN_REVIEW && !isFailed(seen)) {
    if (seen.status.endsWith('_IN_PROGRESS')) {
      throw new Error(`The stack ${stack.name} is still ${seen.status}.`);
    }
    throw refused('StackExists', `The stack ${stack.name} is built already: it is ${seen.status}.`);
  }
  const set = await stack.changeSet(await propose(request, progress));
  if (!set) {
    throw new Error('The new change set is not visible yet.');
  }
  return set;
}

/** The change set where nobody was asked, since the blueprint has no `plan_activity`. */
async function unasked(request: Request, stack: RequestStack, progress: Progress): Promise<ChangeSet> {
  const seen = await stack.find();
  if (seen?.ours && ['CREATE_IN_PROGRESS', 'CREATE_COMPLETE'].includes(seen.status)) {
    // An earlier attempt has executed it.
    return { id: '', stackId: seen.id, execution: 'EXECUTE_COMPLETE', ours: true, changes: [] };
  }
  return await proposed(request, stack, progress);
}

/** Executes a change set, unless it turns out that this was done, or cannot be done any more. */
async function begin(request: Request, stack: RequestStack, set: ChangeSet, progress: Progress): Promise<void> {
  try {
    await progress.unlessCancelled(execute(request, set, progress));
  } catch (error) {
    await progress.mayGoOn();
    const now = await stack.changeSet(set.id);
    if (!now || now.execution === 'OBSOLETE') {
      throw stale('Somebody else changed the stack since it was planned.');
    }
    if (now.execution === 'AVAILABLE') {
      throw error; // it has not begun
    }
    // It has begun: what becomes of it the stack tells.
  }
}

function result(request: Request, set: ChangeSet, seen: Seen): Provisioned {
  return {
    applicationId: request.applicationId,
    region: request.region,
    completionDateTime: new Date().toISOString(),
    summary: set.changes.map(({ type, name }) => `created ${name} (${type})`),
    outputs: { stackName: request.resourceName, ...seen.outputs },
  };
}

/** The page of a change set in the console of AWS. */
function page({ region }: Request, { id, stackId }: ChangeSet): string | null {
  if (process.env['AWS_ENDPOINT_URL'] || !id.startsWith('arn:aws:')) {
    return null; // another server, or a partition with a console elsewhere
  }
  const [stack, set] = [stackId, id].map(encodeURIComponent);
  const home = `https://${region}.console.aws.amazon.com/cloudformation/home?region=${region}`;
  return `${home}#/stacks/changesets/changes?stackId=${stack}&changeSetId=${set}`;
}
