/**
 * The contract between provision-bot and its provisioners: what an activity is told, and what it
 * answers. All of it is JSON.
 */

/** What every activity is told. More may come: what is not named here is ignored. */
export interface Request {
  /** The request's ID: whoever carries it as a tag is this request's. */
  readonly applicationId: string;
  readonly teamId: string;
  readonly region: string;
  /** The AWS profile, which is a choice of account. */
  readonly profile: string;
  /** A name for what is built, the request's own: at most 63 characters, fit for a bucket. */
  readonly resourceName: string;
  /** The blueprint's fields, by their IDs. */
  readonly parameters?: Readonly<Record<string, unknown>>;
  /** The plan that was approved, or that is to be discarded. */
  readonly planId?: string | null;
}

/** The result of `plan`: what `provision` would do with this plan's ID. */
export interface Plan {
  readonly planId: string;
  readonly counts: Readonly<Record<Action, number>>;
  readonly changes: readonly Change[];
  readonly findings: readonly Finding[];
  /** Where it can be looked at. */
  readonly link: string | null;
}

export type Action = 'add' | 'change' | 'replace' | 'remove';

export interface Change {
  readonly action: Action;
  readonly type: string;
  readonly name: string;
}

/** What whoever decides should know. A blocking one forbids the plan. */
export interface Finding {
  readonly level: 'warning' | 'blocking';
  readonly text: string;
}

/** The result of `provision`. `bucketName`, `bucketArn` and `url` have a place of their own in the thread. */
export interface Provisioned {
  readonly applicationId: string;
  readonly region: string;
  readonly completionDateTime: string;
  readonly summary: readonly string[];
  readonly outputs: Readonly<Record<string, string>>;
}

/** The result of `inspect`. */
export interface Inspected {
  readonly exists: boolean;
  readonly ours: boolean;
  /** What is not as it was made, a sentence each. */
  readonly drift: readonly string[];
}

/** The details of a heartbeat: what the thread shows as progress. */
export interface Step {
  readonly step: number;
  readonly of: number;
  readonly label: string;
}
