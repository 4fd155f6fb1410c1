/** What the CDK toolkit does here: make a change set of the app, and execute one. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseCredentials, type DeploymentMethod, type IIoHost, type StackActivity, Toolkit } from '@aws-cdk/toolkit-lib';
import { application } from './app.js';
import type { Request } from './contract.js';
import type { Progress } from './progress.js';
import { type ChangeSet, credentials } from './stack.js';

/** A resource began or ended: the message that has a stack's progress. */
const STACK_ACTIVITY = 'CDK_TOOLKIT_I5502';

/** Loads what the first request would otherwise wait for: seconds of CPU, without a sign of life. */
export async function warmUp(): Promise<void> {
  const anyone: Request = { applicationId: '-', teamId: '-', region: 'us-east-1', profile: '-', resourceName: 'warm-up' };
  await inFolder(async (outdir) => {
    application(anyone, { outdir }).synth();
  });
}

/**
 * Makes a change set of the request's app, and executes nothing: its name, which is a digest of
 * all that is in it. The toolkit silently replaces a change set of the same name, so another
 * plan must never have it: a yes to the one would build the other.
 */
export async function propose(request: Request, progress: Progress): Promise<string> {
  const tags = tagsOf(request);
  return await deploy(request, listener(progress, 1), (template) => {
    const digest = createHash('sha256').update(JSON.stringify([template, tags])).digest('hex');
    return { method: 'change-set', execute: false, changeSetName: `p-${digest.slice(0, 32)}` };
  });
}

/** Executes exactly this change set, and returns when its stack is done. */
export async function execute(request: Request, set: ChangeSet, progress: Progress): Promise<void> {
  const host = listener(progress, set.changes.length);
  await deploy(request, host, () => ({ method: 'execute-change-set', changeSetName: set.id }));
}

/** The stack's tags. The first makes it the request's. */
function tagsOf(request: Request): { Key: string; Value: string }[] {
  return [
    { Key: 'provision-bot:request', Value: request.applicationId },
    { Key: 'provision-bot:team', Value: request.teamId },
    { Key: 'managed-by', Value: 'provision-bot' },
  ];
}

type WithChangeSet = DeploymentMethod & { readonly changeSetName: string };

async function deploy(request: Request, ioHost: IIoHost, method: (template: unknown) => WithChangeSet): Promise<string> {
  const toolkit = new Toolkit({
    ioHost,
    color: false,
    emojis: false,
    sdkConfig: {
      baseCredentials: BaseCredentials.custom({ provider: credentials(request), region: request.region }),
    },
  });
  return await inFolder(async (outdir) => {
    const source = await toolkit.fromAssemblyBuilder(
      async ({ context }) => application(request, { outdir, context }).synth(),
      { outdir },
    );
    const assembly = await toolkit.synth(source);
    try {
      const deploymentMethod = method(assembly.cloudAssembly.getStackByName(request.resourceName).template);
      await toolkit.deploy(assembly, { deploymentMethod, tags: tagsOf(request) });
      return deploymentMethod.changeSetName;
    } finally {
      await assembly.dispose();
    }
  });
}

/** Takes the progress out of what the toolkit says, and answers its questions as it suggests. */
function listener(progress: Progress, size: number): IIoHost {
  const made = new Set<string>();
  const underWay = new Map<string, string>();
  return {
    async notify({ code, data }) {
      if (code !== STACK_ACTIVITY) {
        return;
      }
      const event = (data as StackActivity).event;
      const { LogicalResourceId: id = '', ResourceStatus: status = '' } = event;
      if (event.PhysicalResourceId === event.StackId) {
        return; // of the stack itself
      }
      underWay.delete(id);
      if (status === 'CREATE_COMPLETE') {
        made.add(id);
      } else if (status.endsWith('_IN_PROGRESS') && !(status.startsWith('CREATE') && made.has(id))) {
        // Events of one moment come in any order: what is made does not begin.
        underWay.set(id, `${status.startsWith('CREATE') ? 'Creating' : 'Rolling back'} ${id} (${event.ResourceType})`);
      }
      progress.tell(made.size + 1, size, [...underWay.values()].at(-1) ?? progress.label);
    },
    async requestResponse({ defaultResponse }) {
      return defaultResponse;
    },
  };
}

/** With a folder of its own for what is synthesized: two requests at once must not share one. */
async function inFolder<T>(work: (outdir: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'cdk-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
