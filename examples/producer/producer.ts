// Publishes a day of signals: npm install && npx tsc && node build/producer.js ada 2026-01-01

import { jetstream } from "@nats-io/jetstream";
import type { JetStreamClient } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";

import type { SignalBySubject } from "../../docs/contract/signals.js";
import { aDay } from "./signals.js";
import type { Subject } from "./signals.js";

declare const process: { argv: string[]; env: Record<string, string | undefined> };
declare const console: { log(text: string): void };

const ATTEMPTS = 5;

/**
 * Publish a signal until the stream has it.
 *
 * Accepted means acknowledged. Without an acknowledgement it is sent again: the `event_id` makes a
 * second copy harmless, so no message id is set.
 *
 * @returns Its number in the stream.
 */
export async function publish<S extends Subject>(
  stream: JetStreamClient,
  subject: S,
  signal: SignalBySubject[S],
): Promise<number> {
  const message = JSON.stringify(signal);
  for (let attempt = 1; ; attempt += 1) {
    try {
      return (await stream.publish(subject, message)).seq;
    } catch (error) {
      if (attempt === ATTEMPTS) throw error;
    }
  }
}

const [, , user = "ada", day = new Date().toISOString().slice(0, 10)] = process.argv;
const connection = await connect({ servers: process.env["OO_NATS"] ?? "nats://localhost:4222" });
for (const { subject, data } of aDay(user, day)) {
  console.log(`${subject} is number ${await publish(jetstream(connection), subject, data)}`);
}
await connection.close();
