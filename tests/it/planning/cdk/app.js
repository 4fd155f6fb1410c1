// Stands where the worker expects its app: the example's, with a valve behind the bucket of those
// requests whose application is called so. Nothing else of the example is replaced.
import { CfnWaitCondition, CfnWaitConditionHandle, Stack } from 'aws-cdk-lib';
import * as example from './example.js';

export const { findings } = example;

export function application(request, props) {
  const app = example.application(request, props);
  if (request.applicationName?.startsWith('held')) {
    const stack = app.node.children.find(Stack.isStack);
    const handle = new CfnWaitConditionHandle(stack, 'Handle');
    const valve = new CfnWaitCondition(stack, 'Valve', { handle: handle.ref, timeout: '300', count: 1 });
    handle.node.addDependency(stack.node.findChild('Bucket'));
    valve.node.addDependency(handle);
    handle.overrideLogicalId('Handle');
    valve.overrideLogicalId('Valve');
  }
  return app;
}

// However the test ends, that closes our standard input.
process.stdin.on('end', () => process.exit(1)).resume();
