// Written by `oo contract` from the definitions that the code checks by: edit those.
/** A task that might be suggested. */
export interface Candidate {
  /** Names it in the answer; unique within a request. 1 to 64 characters. */
  id: string;
  /** Its category. 1 to 64 characters. */
  category: string;
  /** When it was created, Unix seconds; null: unknown. 0 to 1e11. */
  created_at?: number | null;
  /** When it is due, Unix seconds; null: never. 0 to 1e11. */
  due_at?: number | null;
  /** 1 to 4, 4 is the most urgent; null: 1. 1 to 4. */
  priority?: number | null;
}

/** What an answer to a tip repeats of the decision, so that it can be learned from alone. */
export interface Echo {
  /** As in the decision. 1 to 64 characters. */
  service: string;
  /** As in the decision. */
  features: Record<string, number>;
  /** When the tip was shown: the `occurred_at` of its `tip.shown`. 0 to 1e11. */
  shown_at: number;
}

/** What became of an answer to a tip. */
export interface FeedbackAnswer {
  /** Of the signal. 1 to 64 characters. */
  event_id: string;
  /**
   * What the answer had to do without. `prior`: nothing is learned of the user yet, so the prior
   * ranks. `default_profile`: he has no profile, so its features have their values without
   * evidence. `candidate_features_only`: the online store is away, so both, and all that counts is
   * the candidates themselves. `spooled`: the stream is away, and the signal waits on disk.
   * `not_logged`: the signal is lost, since that is full.
   */
  degraded: ("candidate_features_only" | "default_profile" | "not_logged" | "prior" | "spooled")[];
  /** Whether the signal is in the stream, or waits on disk. */
  logged: boolean;
}

/** An answer to a tip. The same one, sent again, counts once. */
export interface FeedbackRequest {
  /** Who answered. 1 to 128 characters. */
  user_id: string;
  /** As in the answer that gave the tip. 1 to 64 characters. */
  tip_id: string;
  /** As there. 1 to 64 characters. */
  category: string;
  /** What was answered. */
  action: "dismiss" | "done" | "ignored" | "snooze";
  /** The moment, Unix seconds UTC. 0 to 1e11. */
  now: number;
  /** The user's local clock, minutes east of UTC. A whole number. -840 to 840. */
  utc_offset_minutes: number;
  /** How long the tip was looked at, milliseconds; null: unknown. 0 to 1e13. */
  dwell_ms?: number | null;
  /** As in the answer that gave the tip. Without it nothing is learned. */
  echo?: Echo | null;
}

/** What was removed of a user. */
export interface ForgetAnswer {
  /** How many of his signals waited here. A whole number. */
  removed: number;
}

/** How the service is. */
export interface Health {
  /** Whether it does what was asked for. */
  ok: boolean;
  /** Why not. */
  reason?: string | null;
  /** How far a new policy has come. */
  stage: "canary" | "full" | "shadow";
  /** Whether features can be read. */
  online_store: boolean;
  /** Whether there is a connection to NATS. */
  stream: boolean;
  /** How many signals wait on disk. A whole number. */
  spooled: number;
}

/** Why a request was not answered. */
export interface Problem {
  /** What is wrong, for programs. */
  error: "from_the_future" | "invalid" | "malformed" | "not_allowed" | "not_found" | "too_large" | "unexpected";
  /** The same for people: what was refused, the value, what is allowed. */
  detail: string;
}

/** The tip, and how it came about. */
export interface RankAnswer {
  /** Names the tip, here and in the signals. 1 to 64 characters. */
  tip_id: string;
  /** Id of the candidate that is to be shown. 1 to 64 characters. */
  chosen: string;
  /** Of that candidate. 1 to 64 characters. */
  category: string;
  /** All candidates, the best first. Now and then chance chooses another than the first. */
  ranking: Ranked[];
  /** The policy that acted. 1 to 64 characters. */
  policy: string;
  /** How far a new policy has come. */
  stage: "canary" | "full" | "shadow";
  /**
   * What the answer had to do without. `prior`: nothing is learned of the user yet, so the prior
   * ranks. `default_profile`: he has no profile, so its features have their values without
   * evidence. `candidate_features_only`: the online store is away, so both, and all that counts is
   * the candidates themselves. `spooled`: the stream is away, and the signal waits on disk.
   * `not_logged`: the signal is lost, since that is full.
   */
  degraded: ("candidate_features_only" | "default_profile" | "not_logged" | "prior" | "spooled")[];
  /** Whether the signal is in the stream, or waits on disk. */
  logged: boolean;
  /** Belongs into the feedback to this tip, as it is. */
  echo: Echo;
}

/**
 * Candidates to choose a tip from. The same request, sent again, is the same decision: it gets the
 * same answer, and is logged once.
 */
export interface RankRequest {
  /** Who is to see the tip. 1 to 128 characters. */
  user_id: string;
  /** The moment, Unix seconds UTC. 0 to 1e11. */
  now: number;
  /** The user's local clock, minutes east of UTC. A whole number. -840 to 840. */
  utc_offset_minutes: number;
  /** What there is to choose from. 1 to 1,000 elements. */
  candidates: Candidate[];
}

/** A candidate in its place. */
export interface Ranked {
  /** Of the candidate. */
  id: string;
  /** Of the policy that acts. */
  score: number;
  /** By which it could have been chosen. 0 to 1. */
  probability: number;
}

/** What is sent to each route of the bandit's service, and what it answers. */
export interface ServiceByRoute {
  /** Choose a tip. */
  "POST /rank": { request: RankRequest; answer: RankAnswer; problem: Problem; };
  /** Tell what was answered to a tip. */
  "POST /feedback": { request: FeedbackRequest; answer: FeedbackAnswer; problem: Problem; };
  /** Forget a user's signals that wait on disk. */
  "DELETE /users/{user_id}/signals": { answer: ForgetAnswer; problem: Problem; };
  /** Tell whether the process works. */
  "GET /healthz": { answer: Health; };
  /** Tell whether requests may come. */
  "GET /readyz": { answer: Health; };
}
