/**
 * Signs of life, and how far the work is. They come on a timer of their own, since a step of
 * CloudFormation may take minutes and the bot takes a silent worker for dead after ten seconds.
 */
import { Context } from '@temporalio/activity';
import type { Request, Step } from './contract.js';
import { failure } from './failures.js';

const EVERY = 1_000;

export class Progress {
  readonly #context = Context.current();
  #now: Step;
  #over = false;

  constructor(label: string) {
    this.#now = { step: 1, of: 1, label };
  }

  get label(): string {
    return this.#now.label;
  }

  /** From now on this is being done. */
  tell(step: number, of: number, label: string): void {
    this.#now = { step: Math.min(Math.max(step, 1), Math.max(of, 1)), of: Math.max(of, 1), label };
    this.beat();
  }

  beat(): void {
    if (!this.#over) {
      this.#context.heartbeat(this.#now);
    }
  }

  /** The activity has ended: what it left behind says nothing any more. */
  end(): void {
    this.#over = true;
  }

  /** A place where it is right to stop: @throws if the request was withdrawn. */
  async mayGoOn(): Promise<void> {
    await this.unlessCancelled(Promise.resolve());
  }

  /** Waits. @throws as soon as the request is withdrawn. */
  async pause(milliseconds: number): Promise<void> {
    await this.#context.sleep(milliseconds);
  }

  /**
   * Watches work that changes nothing any more. A cancellation leaves it behind, as neither the
   * toolkit nor CloudFormation ends it: undoing what goes on there is `destroy`'s.
   */
  async unlessCancelled<T>(work: Promise<T>): Promise<T> {
    work.catch(() => {}); // left behind, it may fail with nobody to hear it
    return await Promise.race([this.#context.cancelled, work]);
  }
}

/** Runs an activity with signs of life, and ends it with failures for people. */
export async function alive<T>(request: Request, label: string, work: (progress: Progress) => Promise<T>): Promise<T> {
  const progress = new Progress(label);
  progress.beat();
  const timer = setInterval(() => progress.beat(), EVERY);
  try {
    return await work(progress);
  } catch (error) {
    throw failure(error, progress.label, request.profile);
  } finally {
    clearInterval(timer);
    progress.end();
  }
}
