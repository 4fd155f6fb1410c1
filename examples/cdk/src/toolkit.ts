/** What the CDK toolkit does here: make a change set of the app, and execute one. */
import { createHash } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BaseCredentials, type DeploymentMethod, type IIoHost, type StackActivity, Toolkit } from '@aws-cdk/toolkit-lib';
import { application } from './app.js';
import type { Request } from './contract.js';
import type { Progress } from './progress.js';
import { credentials } from './stack.js';

/** A resource began or ended: the message that has a stack's progress. */
const STACK_ACTIVITY = 'CDK_TOOLKIT_I5502';

/** Loads what the first request would otherwise wait for: seconds of CPU, without a sign of life. */
export async function warmUp(): Promise<void> {
  await inFolder(async (outdir) => {
    application({ applicationId: 'warm', teamId: 'up', region: 'us-east-1', profile: '', resourceName: 'warm-up' }, { outdir }).synth();
  });
}

/**
 * Makes a change set of the request's app, and executes nothing: its name, which is a digest of
 * all that is in it. The toolkit silently replaces a change set of the same name, so another
 * plan must never have it: a yes to the one would build the other.
 */
export async function propose(request: Request, progress: Progress): Promise<string> {
  const tags = tagsOf(request);
  return await deploy(request, progress, (template) => {
    const digest = createHash('sha256').update(JSON.stringify([template, tags])).digest('hex');
    return { method: 'change-set', execute: false, changeSetName: `p-${digest.slice(0, 32)}` };
  });
}

/** Executes exactly this change set, and returns when its stack is done. */
export async function execute(request: Request, changeSetId: string, progress: Progress): Promise<void> {
  await deploy(request, progress, () => ({ method: 'execute-change-set', changeSetName: changeSetId }));
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

async function deploy(request: Request, progress: Progress, method: (template: unknown) => WithChangeSet): Promise<string> {
  const toolkit = new Toolkit({
    ioHost: listener(progress),
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
function listener(progress: Progress): IIoHost {
  return {
    async notify({ code, data }) {
      if (code === STACK_ACTIVITY) {
        const { event, progress: { completed, total } } = data as StackActivity;
        const doing = event.ResourceStatus?.includes('ROLLBACK') ? 'Rolling back' : 'Creating';
        progress.tell(completed + 1, total ?? completed + 1, `${doing} ${event.LogicalResourceId} (${event.ResourceType})`);
      }
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
