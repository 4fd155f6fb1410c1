/**
 * The CDK app: what one request gets. This is the file to replace by your own resources; the
 * others know nothing of a bucket.
 */
import { App, type AppProps, BootstraplessSynthesizer, CfnOutput, Duration, RemovalPolicy, Stack, Tags } from 'aws-cdk-lib';
import { BlockPublicAccess, Bucket, BucketEncryption } from 'aws-cdk-lib/aws-s3';
import type { Finding, Request } from './contract.js';
import { refused } from './failures.js';

/** What the blueprint's fields say. */
interface Parameters {
  /** What the bucket is for; its tag `purpose`. */
  readonly purpose: string;
  /** Whether what is overwritten or deleted can be had back for thirty days. */
  readonly versions: boolean;
}

/** A private, encrypted bucket that refuses connections without TLS. */
export function application(request: Request, props?: AppProps): App {
  const { purpose, versions } = parameters(request);
  const app = new App(props);
  const stack = new Stack(app, 'Request', {
    stackName: request.resourceName,
    description: `Asked for with provision-bot: ${request.applicationId}`,
    env: { region: request.region },
    // Without assets there is nothing to upload, and no account has to be bootstrapped.
    synthesizer: new BootstraplessSynthesizer(),
    analyticsReporting: false,
  });
  const bucket = new Bucket(stack, 'Bucket', {
    bucketName: request.resourceName,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    versioned: versions,
    lifecycleRules: [{ noncurrentVersionExpiration: Duration.days(30), enabled: versions }],
    // It goes with its stack, if it is empty.
    removalPolicy: RemovalPolicy.DESTROY,
  });
  Tags.of(bucket).add('purpose', purpose);
  new CfnOutput(stack, 'bucketName', { value: bucket.bucketName });
  new CfnOutput(stack, 'bucketArn', { value: bucket.bucketArn });
  return app;
}

/** What whoever decides should know before the yes. */
export function findings(request: Request): Finding[] {
  if (parameters(request).versions) {
    return [];
  }
  return [{ level: 'warning', text: 'Without versions, what is overwritten or deleted is gone.' }];
}

/** @throws a failure that is not retried, if the blueprint has other fields than this program. */
function parameters(request: Request): Parameters {
  const { purpose = 'general', versions = false } = request.parameters ?? {};
  if (typeof purpose !== 'string' || typeof versions !== 'boolean') {
    throw refused('BadParameters', 'The blueprint needs a text "purpose" and a switch "versions".');
  }
  return { purpose, versions };
}
