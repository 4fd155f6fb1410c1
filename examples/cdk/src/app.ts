/**
 * The CDK app: what one request gets. This is the file to replace by your own resources; the
 * others know nothing of a bucket.
 */
import {
  App, type AppProps, CfnOutput, Duration, LegacyStackSynthesizer, RemovalPolicy, Stack, Tags,
} from 'aws-cdk-lib';
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
    // Deployed with the profile's own permissions, in an account that `cdk bootstrap` never saw:
    // the BootstraplessSynthesizer still names its roles (aws/aws-cdk#20648). It is enough as
    // long as there are no assets, such as files and images.
    synthesizer: new LegacyStackSynthesizer(),
    analyticsReporting: false,
  });
  const bucket = new Bucket(stack, 'Bucket', {
    bucketName: request.resourceName,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    encryption: BucketEncryption.S3_MANAGED,
    enforceSSL: true,
    versioned: versions,
    lifecycleRules: versions ? [{ noncurrentVersionExpiration: Duration.days(30) }] : [],
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
