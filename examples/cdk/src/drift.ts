/** What of a stack is not as it was made. CloudFormation compares what the template names. */
import {
  type CloudFormationClient, DescribeStackDriftDetectionStatusCommand, DetectStackDriftCommand,
  paginateDescribeStackResourceDrifts, type StackResourceDrift,
} from '@aws-sdk/client-cloudformation';
import type { Progress } from './progress.js';

const LOOK_AGAIN = 1_000;

/** Compares a stack with its template: a sentence for each difference. */
export async function drift(client: CloudFormationClient, stackId: string, progress: Progress): Promise<string[]> {
  const begun = await client.send(new DetectStackDriftCommand({ StackName: stackId }));
  const detection = { StackDriftDetectionId: begun.StackDriftDetectionId };
  for (;;) {
    const { DetectionStatus } = await client.send(new DescribeStackDriftDetectionStatusCommand(detection));
    if (DetectionStatus !== 'DETECTION_IN_PROGRESS') {
      break;
    }
    await progress.pause(LOOK_AGAIN);
  }
  const found: string[] = [];
  const asked = { StackName: stackId, StackResourceDriftStatusFilters: ['MODIFIED' as const, 'DELETED' as const] };
  for await (const page of paginateDescribeStackResourceDrifts({ client }, asked)) {
    found.push(...(page.StackResourceDrifts ?? []).flatMap(sentences));
  }
  return found;
}

/** Never with a value: it may be a secret. */
function sentences(resource: StackResourceDrift): string[] {
  const name = `${resource.LogicalResourceId} (${resource.ResourceType})`;
  if (resource.StackResourceDriftStatus === 'DELETED') {
    return [`${name} was deleted`];
  }
  const differences = resource.PropertyDifferences ?? [];
  return differences.map(({ PropertyPath = '' }) => `${name}: ${PropertyPath.slice(1).replaceAll('/', '.')} was changed`);
}
