/** The worker: polls the task queue, and serves the activities until it is told to stop. */
import { NativeConnection, Worker } from '@temporalio/worker';
import * as activities from './activities.js';
import { warmUp } from './toolkit.js';

const connection = await NativeConnection.connect({ address: process.env['TEMPORAL_ADDRESS'] ?? 'localhost:7233' });
await warmUp();
const worker = await Worker.create({
  connection,
  namespace: process.env['TEMPORAL_NAMESPACE'] ?? 'default',
  taskQueue: 'provision-cdk',
  activities,
  // With its default the SDK passes on a heartbeat every eight seconds, and the thread lags behind.
  maxHeartbeatThrottleInterval: '500ms',
  // On SIGTERM the attempts end so soon; those of another worker go on from there.
  shutdownGraceTime: '5s',
});
await worker.run();
await connection.close();
process.exit(); // whatever is still watching a stack would keep the process
