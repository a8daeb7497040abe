// Written by `oo contract` from the definitions that the code checks by: edit those.
/** A session in the app; `occurred_at` is its start. */
export interface AppSession {
  /** Idempotency key, unique for its user; printable. 1 to 64 characters. */
  event_id: string;
  /** Whom it is about; printable. 1 to 128 characters. */
  user_id: string;
  /** Event time. RFC 3339 with an offset. */
  occurred_at: string;
  /**
   * The user's local clock, minutes east of UTC; left out: the offset written in `occurred_at`,
   * which decoding fills in. A whole number. -840 to 840.
   */
  utc_offset_minutes?: number | null;
  /** How long it was. 0 to 1e10. */
  duration_seconds: number;
}

/** The calendar says how much of a window is taken. */
export interface CalendarSynced {
  /** Idempotency key, unique for its user; printable. 1 to 64 characters. */
  event_id: string;
  /** Whom it is about; printable. 1 to 128 characters. */
  user_id: string;
  /** Event time. RFC 3339 with an offset. */
  occurred_at: string;
  /**
   * The user's local clock, minutes east of UTC; left out: the offset written in `occurred_at`,
   * which decoding fills in. A whole number. -840 to 840.
   */
  utc_offset_minutes?: number | null;
  /** How much is taken; at most `window_minutes`. 0 to 1e9. */
  busy_minutes: number;
  /** How long the window is. At most 1e9. Above 0. */
  window_minutes: number;
}

/** What a policy saw and chose. */
export interface Decision {
  /** The feature service that the features come from; it names them all. 1 to 64 characters. */
  service: string;
  /** The policy that acted before any new one; one of `policies`. 1 to 64 characters. */
  live: string;
  /** The stage of the rollout. */
  stage: "canary" | "full" | "shadow";
  /** The `now` of the request for features. 0 to 1e11. */
  now: number;
  /** How many there were to choose from. A whole number. 1 to 10,000. */
  candidates: number;
  /** Probability of what was chosen, of the mixture that really acted. At most 1. Above 0. */
  propensity: number;
  /** Features of what was chosen. */
  features: Record<string, number>;
  /** What each policy thought, by its service. 1 to 8 names. */
  policies: Record<string, Judgement>;
  /**
   * Event time of the newest signal in the learned state, microseconds; null if there was no state
   * and the prior acted. A whole number. 0 to 100,000,000,000,000,000.
   */
  state_version?: number | null;
  /** Whom a fair coin let act; null if none was thrown: the person is in no canary. */
  coin?: "live" | "new" | null;
  /** How many of all features that were read were past their TTL. A whole number. 0 to 10,000. */
  expired_features?: number | null;
  /** How long the answer took, from the request to just before it is logged. 0 to 1e7. */
  milliseconds?: number | null;
  /**
   * What it had to do without; features that were served without the online store are not those
   * that history knew.
   */
  degraded?: ("candidate_features_only" | "default_profile" | "prior")[];
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

/** What one policy, acting or not, thought of a decision. */
export interface Judgement {
  /** By which it would have chosen what was chosen. 0 to 1. */
  probability: number;
  /** Mean of its predictions over all candidates, by its own probabilities. -1e6 to 1e6. */
  expected_reward: number;
  /** The reward that it predicts for what was chosen. -1e6 to 1e6. */
  prediction: number;
}

/** The user said how he feels. */
export interface MoodLogged {
  /** Idempotency key, unique for its user; printable. 1 to 64 characters. */
  event_id: string;
  /** Whom it is about; printable. 1 to 128 characters. */
  user_id: string;
  /** Event time. RFC 3339 with an offset. */
  occurred_at: string;
  /**
   * The user's local clock, minutes east of UTC; left out: the offset written in `occurred_at`,
   * which decoding fills in. A whole number. -840 to 840.
   */
  utc_offset_minutes?: number | null;
  /** From 1, worst, to 5, best. 1 to 5. */
  score: number;
}

/** A source was read to its end, whether or not it had anything new. */
export interface SourceSynced {
  /** Idempotency key, unique for its user; printable. 1 to 64 characters. */
  event_id: string;
  /** Whom it is about; printable. 1 to 128 characters. */
  user_id: string;
  /** Event time. RFC 3339 with an offset. */
  occurred_at: string;
  /**
   * The user's local clock, minutes east of UTC; left out: the offset written in `occurred_at`,
   * which decoding fills in. A whole number. -840 to 840.
   */
  utc_offset_minutes?: number | null;
  /** Which one. */
  source: "app" | "calendar" | "mood" | "tip" | "todoist";
}

/** A task was completed. */
export interface TaskCompleted {
  /** Idempotency key, unique for its user; printable. 1 to 64 characters. */
  event_id: string;
  /** Whom it is about; printable. 1 to 128 characters. */
  user_id: string;
  /** Event time. RFC 3339 with an offset. */
  occurred_at: string;
  /**
   * The user's local clock, minutes east of UTC; left out: the offset written in `occurred_at`,
   * which decoding fills in. A whole number. -840 to 840.
   */
  utc_offset_minutes?: number | null;
  /** The task; printable. 1 to 64 characters. */
  task_id: string;
  /** Its category; printable. 1 to 64 characters. */
  category: string;
}

/** A task was created. */
export interface TaskCreated {
  /** Idempotency key, unique for its user; printable. 1 to 64 characters. */
  event_id: string;
  /** Whom it is about; printable. 1 to 128 characters. */
  user_id: string;
  /** Event time. RFC 3339 with an offset. */
  occurred_at: string;
  /**
   * The user's local clock, minutes east of UTC; left out: the offset written in `occurred_at`,
   * which decoding fills in. A whole number. -840 to 840.
   */
  utc_offset_minutes?: number | null;
  /** The task; printable. 1 to 64 characters. */
  task_id: string;
  /** Its category; printable. 1 to 64 characters. */
  category: string;
  /** How urgent it is; 4 is the most urgent. A whole number. 1 to 4. */
  priority: number;
  /** When it is due; null: at no time. RFC 3339 with an offset. */
  due_at?: string | null;
}

/** A task was put off. */
export interface TaskSnoozed {
  /** Idempotency key, unique for its user; printable. 1 to 64 characters. */
  event_id: string;
  /** Whom it is about; printable. 1 to 128 characters. */
  user_id: string;
  /** Event time. RFC 3339 with an offset. */
  occurred_at: string;
  /**
   * The user's local clock, minutes east of UTC; left out: the offset written in `occurred_at`,
   * which decoding fills in. A whole number. -840 to 840.
   */
  utc_offset_minutes?: number | null;
  /** The task; printable. 1 to 64 characters. */
  task_id: string;
  /** Its category; printable. 1 to 64 characters. */
  category: string;
}

/** A tip was answered. */
export interface TipFeedback {
  /** Idempotency key, unique for its user; printable. 1 to 64 characters. */
  event_id: string;
  /** Whom it is about; printable. 1 to 128 characters. */
  user_id: string;
  /** Event time. RFC 3339 with an offset. */
  occurred_at: string;
  /**
   * The user's local clock, minutes east of UTC; left out: the offset written in `occurred_at`,
   * which decoding fills in. A whole number. -840 to 840.
   */
  utc_offset_minutes?: number | null;
  /** The tip; printable. 1 to 64 characters. */
  tip_id: string;
  /** Category of its task; printable. 1 to 64 characters. */
  category: string;
  /** The answer. */
  action: "dismiss" | "done" | "ignored" | "snooze";
  /** How long it was looked at, milliseconds; null: not known. 0 to 1e13. */
  dwell_ms?: number | null;
  /** What is repeated of how it came to be chosen; null: nothing is learned from it. */
  decision?: Echo | null;
}

/** A tip was shown. */
export interface TipShown {
  /** Idempotency key, unique for its user; printable. 1 to 64 characters. */
  event_id: string;
  /** Whom it is about; printable. 1 to 128 characters. */
  user_id: string;
  /** Event time. RFC 3339 with an offset. */
  occurred_at: string;
  /**
   * The user's local clock, minutes east of UTC; left out: the offset written in `occurred_at`,
   * which decoding fills in. A whole number. -840 to 840.
   */
  utc_offset_minutes?: number | null;
  /** The tip; printable. 1 to 64 characters. */
  tip_id: string;
  /** Category of its task; printable. 1 to 64 characters. */
  category: string;
  /** How it came to be chosen; null: not known, so nobody can evaluate it. */
  decision?: Decision | null;
}

/**
 * What is published on each subject, as JSON. A field that is not listed is kept and otherwise
 * ignored.
 */
export interface SignalBySubject {
  "signals.app.session": AppSession;
  "signals.task.created": TaskCreated;
  "signals.task.completed": TaskCompleted;
  "signals.task.snoozed": TaskSnoozed;
  "signals.tip.shown": TipShown;
  "signals.tip.feedback": TipFeedback;
  "signals.calendar.synced": CalendarSynced;
  "signals.mood.logged": MoodLogged;
  "signals.source.synced": SourceSynced;
}
