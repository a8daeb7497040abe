// Written by `oo contract` from the definitions that the code checks by: edit those.
/** An account. */
export interface AccountFacts {
  /** Its name. */
  name: string;
  /** What it may do. */
  role: Role;
}

/** What a signal adds to a column. */
export interface AdditionFacts {
  /** The state column. */
  column: string;
  /** Which element of an array, by index or category; null: no array. */
  element: number | string | null;
  /** How much at the signal's event time; of a column that keeps the latest, its value. */
  amount: number;
}

/** Something that is, or was, not as it should be. */
export interface AlertFacts {
  /** What tells it from others. */
  key: string;
  /** In a few words. */
  title: string;
  /** How far it is. */
  state: State;
  /** How soon somebody should look. */
  severity: Severity;
  /** A sentence: what, by how much. */
  what: string;
  /** When it was first found, microseconds. A whole number. */
  since_us: number;
  /** When it was resolved, microseconds; null: not yet. A whole number. */
  resolved_us: number | null;
  /** How many users are affected; null: not known. A whole number. */
  users: number | null;
  /** Features affected. */
  features: string[];
  /** Feature services affected. */
  services: string[];
  /** Who answers for these features. */
  owners: string[];
  /** What is probably behind it. */
  likely: string;
  /** What to do. */
  do: string;
  /** Where to read more, in the project's folder. */
  link: string;
  /** Until when nobody is told of it, microseconds; null: people are told. A whole number. */
  muted_until_us: number | null;
  /** Who said so; null: nobody. */
  muted_by: string | null;
  /** Why; null: nobody said so. */
  mute_reason: string | null;
}

/** From the right side of a box to the left side of another. */
export interface Arrow {
  /** Where it begins, from the left. A whole number. */
  x1: number;
  /** Where it begins, from the top. A whole number. */
  y1: number;
  /** Where it ends, from the left. A whole number. */
  x2: number;
  /** Where it ends, from the top. A whole number. */
  y2: number;
}

/** Something that was done, as the pages tell it. */
export interface AuditFacts {
  /** Its place in the log. A whole number. */
  number: number;
  /** When, Unix seconds. */
  at: number;
  /** Who did it. */
  account: string;
  /** What, a fixed word. */
  action: string;
  /** The keyed hash of the user it is about; empty: about none. */
  person: string;
  /** More about it; it names no user. */
  detail: string;
}

/** How far a new policy has come, and on what evidence. */
export interface BanditPage {
  /** The moment, microseconds. A whole number. */
  now_us: number;
  /** Where the rollout is. */
  rollout: RolloutFacts;
  /** Whether services see the same. */
  online: OnlineRollout;
  /** The latest steps, the newest first. */
  steps: StepFacts[];
  /** The last evaluation that was made here; null: there is none. */
  evaluation: KeptEvaluation | null;
}

/** The share of users whose value lies somewhere. */
export interface Bin {
  /** Where. */
  label: string;
  /** The share now. */
  now: number;
  /** The share a month ago; null: no sample is of then. */
  then: number | null;
}

/** A thing in the picture. */
export interface Box {
  /** What it is. */
  label: string;
  /** The left of it. A whole number. */
  x: number;
  /** The top of it. A whole number. */
  y: number;
}

/** Who sent most within an hour. */
export interface BusyUser {
  /** Who. */
  user_id: string;
  /** How many, about. A whole number. */
  signals: number;
}

/** A feature of an on-demand view, or a column of a state view. */
export interface CatalogueFacts {
  /** Its name, unique over the registry. */
  name: string;
  /** Feast's name of its type. */
  dtype: string;
  /** Where its signals come from; "request" if it needs none. */
  source: string[];
  /** After which time each of its state views expires, in words; null: never. */
  ttl: Record<string, string | null>;
  /** The same in seconds. */
  ttl_seconds: Record<string, number | null>;
  /** In which time the sums of each are halved, in words; null: nothing decays. */
  half_life: Record<string, string | null>;
  /** The same in seconds. */
  half_life_seconds: Record<string, number | null>;
  /** The subjects that change it. */
  invalidated_by: string[];
  /** The view that it is asked from. */
  view: string;
  /** The on-demand view that computes it; null: a state column. */
  transform: string | null;
  /** What it says. */
  description: string;
  /** Unit of its value. */
  unit: string;
  /** Least and greatest value; null: open. 2 elements. */
  range: [number | null, number | null];
  /** The value without evidence; of a state column null. */
  none: number | boolean | string | null;
  /** State columns and request data that it is computed from. */
  reads: string[];
  /** Who answers for it. */
  owner: string;
  /** Whether readers get it, or null, where its state is expired or was never seen. */
  when_stale: "served" | "withheld";
  /** The feature services that have it. */
  services: string[];
}

/** What the evidence comes to in one column, beside what the state holds; both at the moment. */
export interface ColumnSum {
  /** The state column; of an array, all its elements together. */
  column: string;
  /** Whether it holds the latest value, instead of a sum. */
  is_kept: boolean;
  /** The sum over the signals, each with what is left of it; null: there are none. */
  evidence: number | null;
  /** What the column holds; null: there is no state. */
  state: number | null;
  /**
   * Whether every element agrees, sums within `TOLERANCE` of the sum of their terms' absolute
   * values.
   */
  agrees: boolean;
}

/** How good the data is. */
export interface DataQualityPage {
  /** The moment, microseconds. A whole number. */
  now_us: number;
  /** What the checks have found; null: they have not run yet. */
  quality: QualityFacts | null;
  /**
   * How the features of a profile are distributed, in logged samples; those that shifted first.
   */
  distributions: Distribution[];
  /** How many users `views` is of: those active most recently. A whole number. */
  users: number;
  /** How many these are at most. A whole number. */
  most_users: number;
  /** How fresh each state view is. */
  views: ViewStaleness[];
  /** How many rejected messages are kept, by reason. */
  reasons: Record<string, number>;
  /** The latest of them counted, by reason and subject. */
  rejected: RejectedCount[];
  /** The newest of them. */
  latest_rejected: LatestRejected[];
}

/** How much more a policy gets than another; null is what the log cannot say. */
export interface DifferenceFigures {
  /** The one. */
  policy: string;
  /** The other. */
  other: string;
  /** Why the log does not tell them apart yet. */
  lacks: string[];
  /** Difference of the mean rewards over decisions. */
  by_decision: EstimatesFacts | null;
  /** Mean over people of each one's difference. */
  by_person: EstimatesFacts | null;
  /** Bounds over these decisions, valid however often one looks. 2 elements. */
  sequence: [number, number] | null;
  /** Difference of the shares of tips that are dismissed. */
  dismissals: EstimateFacts | null;
}

/** How a feature is distributed, as it is served: where nothing is known, without evidence. */
export interface Distribution {
  /** Its name. */
  feature: string;
  /** Unit of its value. */
  unit: string;
  /** In the newest sample. */
  now: Spread;
  /** In the sample of about a month before it; null: there is none. */
  then: Spread | null;
  /** Where the values lie; those of Feast's two histograms, apportioned to common bins. */
  bins: Bin[];
  /** The population stability index of the two; null: there is one alone. */
  index: number | null;
  /** Whether the index is 0.25 above what chance makes of samples of this size. */
  shifted: boolean;
}

/** A feature over time, and the line through it. */
export interface DrawnCourse {
  /** Its value at each of `course_times`. */
  values: number[];
  /** The line as SVG's `points` takes it. */
  points: string;
  /** The least value. */
  low: number;
  /** The greatest value. */
  high: number;
}

/** An estimate with its interval of 95 %. */
export interface EstimateFacts {
  /** The estimate. */
  value: number;
  /** Lower end of the interval. */
  low: number;
  /** Its upper end. */
  high: number;
}

/** One quantity, estimated in three ways. */
export interface EstimatesFacts {
  /** By inverse propensities. */
  ips: EstimateFacts;
  /** The same, over the sum of the weights. */
  self_normalised: EstimateFacts;
  /** With the predictions, corrected by what they were off by. */
  doubly_robust: EstimateFacts;
}

/** What an evaluation of the policies found. */
export interface EvaluationFacts {
  /** The policy that acted before. */
  live: string;
  /** The one that is to take its place. */
  new: string;
  /** Decisions were looked at that were shown by then, microseconds. A whole number. */
  until_us: number;
  /** All, segments and stages; those without a decision are left out. */
  groups: GroupFigures[];
  /** What the gate says of the next step; null: there is none. */
  gate: GateFacts | null;
  /** Decisions left out, since answers to them may still come. A whole number. */
  young: number;
  /** Decisions left out that do not tell what both policies thought. A whole number. */
  unjudged: number;
  /** Answers left out that fit no tip that was shown. A whole number. */
  unmatched: number;
}

/** A signal behind a value. */
export interface EvidenceFacts {
  /** Its subject. */
  subject: string;
  /** Its id. */
  event_id: string;
  /** Its event time, microseconds. A whole number. */
  event_time_us: number;
  /** The same in Unix seconds. */
  occurred_at: number;
  /** The user's local clock as the signal tells it. A whole number. */
  utc_offset_minutes: number;
  /** What is left of a weight of 1 since then. */
  left: number;
  /** What it adds to the columns that the feature reads. */
  adds: AdditionFacts[];
}

/** Why something was not answered, with the status that says so too. */
export interface Failure {
  /** What was refused, and what to do next. */
  error: string;
}

/** A feature of a user. */
export interface FeatureFacts {
  /** Its name. */
  name: string;
  /** What it says. */
  description: string;
  /** The on-demand view that computes it. */
  view: string;
  /** What that view is about. */
  view_description: string;
  /** Its value, as served; null: withheld. */
  value: number | boolean | string | null;
  /** The value in words. */
  words: string;
  /** Its unit. */
  unit: string;
  /** Least and greatest value; null: open. 2 elements. */
  range: [number | null, number | null];
  /** The value without evidence. */
  none: number | boolean | string;
  /** Who answers for it. */
  owner: string;
  /** The state view whose age is its own. */
  state: string;
  /** How stale that state is. */
  staleness: Staleness;
  /** Whether it is withheld, since its state is expired or was never seen. */
  withheld: boolean;
  /** How old the state is, in words; null: there is none. */
  age: string | null;
  /** The same in seconds. */
  age_seconds: number | null;
  /** When the state expires, microseconds; null: never, or there is none. A whole number. */
  expires_us: number | null;
  /** The same in Unix seconds. */
  expires_at: number | null;
  /** How many signals stand behind the state; null: not counted here. A whole number. */
  signals: number | null;
  /** What they still weigh together, each once 1; null: not counted here. */
  signals_left: number | null;
  /** The feature over time; null: it is no number. */
  course: DrawnCourse | null;
}

/** All of one feature. */
export interface FeaturePage {
  /** The feature. */
  feature: CatalogueFacts;
  /** A picture of where it comes from. */
  lineage: Lineage;
  /** How it is distributed; null: no profile holds it, or none was logged yet. */
  distribution: Distribution | null;
  /** Whether a profile holds it. */
  profiled: boolean;
}

/** The registry, or the part of it that was searched for. */
export interface FeaturesPage {
  /** What was searched for; empty: nothing. */
  search: string;
  /** What was found. */
  features: CatalogueFacts[];
}

/** A file. */
export interface FileFacts {
  /** What it holds. */
  what: string;
  /** Its size. A whole number. */
  bytes: number;
}

/** One rule, and what the log says of it. */
export interface Finding {
  /** What must hold. */
  rule: string;
  /** Whether it does. */
  is_kept: boolean;
  /** What was found. */
  found: string;
}

/** What the gate says of the next step. */
export interface GateFacts {
  /** Where it leads, in words. */
  step: string;
  /** Whether every rule is kept. */
  is_allowed: boolean;
  /** Of each rule. */
  findings: Finding[];
}

/** The features of one on-demand view. */
export interface GroupFacts {
  /** The view. */
  name: string;
  /** What it is about. */
  description: string;
  /** Its features, in its order. */
  features: FeatureFacts[];
}

/** What the log says of some of the people, or of one stage. */
export interface GroupFigures {
  /** Which. */
  name: string;
  /** How many there are. A whole number. */
  decisions: number;
  /** Of how many people. A whole number. */
  people: number;
  /** How many have no answer. A whole number. */
  unanswered: number;
  /** Of each policy. */
  policies: PolicyFigures[];
  /** Of the new policy to the one that acted before. */
  differences: DifferenceFigures[];
}

/** When in the week a user is active, in local time, from the signals. */
export interface HeatFacts {
  /** The state view whose signals they are. */
  view: string;
  /** What signals still weigh: seven weekdays, Monday first, of 24 hours. */
  cells: number[][];
  /** The sum of each weekday. */
  rows: number[];
  /** The sum of each hour. */
  columns: number[];
  /** The heaviest cell. */
  most: number;
  /** Of these sums from the arrays that the state holds. */
  largest_deviation: number;
  /** Whether that is nothing but rounding. */
  agrees: boolean;
}

/** How a channel took a test of the alerts. */
export interface JobAnswer {
  /** Which kind of channel. */
  channel: string;
  /** What it said; empty: it was sent. */
  refusal: string;
}

/** A piece of work. */
export interface JobFacts {
  /** Its number. A whole number. */
  number: number;
  /** What it does. */
  kind: "alert test" | "drop" | "evaluate" | "forget" | "rebuild" | "retry";
  /** Who began it. */
  account: string;
  /** The keyed hash of whom, or what, it is about. */
  person: string;
  /** How far it is; interrupted: the process that did it was stopped. */
  state: "done" | "failed" | "interrupted" | "running" | "waiting";
  /** Whether it has not ended. */
  is_under_way: boolean;
  /** How much is done. A whole number. */
  done: number;
  /** Of how much; 0: not known. A whole number. */
  total: number;
  /** When it was asked for, microseconds. A whole number. */
  began_us: number;
  /** When it ended; null: it has not. A whole number. */
  ended_us: number | null;
  /** How long it took; null: it has not ended. */
  seconds: number | null;
  /** What came of it; it names nobody. */
  result: JobResult;
}

/** How far a job is. */
export interface JobPage {
  /** The job. */
  job: JobFacts;
}

/** What came of a job. Which of these there are is told by its kind; it names nobody. */
export interface JobResult {
  /** Alert test: how each channel took it. */
  answers?: JobAnswer[];
  /** Rebuild: features whose value of now is another. */
  changed_features?: string[];
  /** Retry: messages that stay, since only their beginning is kept. A whole number. */
  cut?: number;
  /** Evaluate: decisions looked at. A whole number. */
  decisions?: number;
  /** Drop: messages removed. A whole number. */
  dropped?: number;
  /** Failed: why. */
  error?: string;
  /** Forget: what is left, a sentence each. */
  left?: string[];
  /** Rebuild: rows put into Redis. A whole number. */
  online_rows?: number;
  /** Evaluate: of how many people. A whole number. */
  people?: number;
  /** Retry: messages published again. A whole number. */
  published?: number;
  /** Rebuild: rows that were wrong. A whole number. */
  repaired_rows?: number;
  /** Rebuild: rows they come to. A whole number. */
  rows?: number;
  /** Rebuild: signals replayed. A whole number. */
  signals?: number;
  /** Forget: the receipt. */
  text?: string;
  /** Retry: messages that stay, since nobody can publish on their subject. A whole number. */
  unpublishable?: number;
  /** Rebuild: what was wrong, by view. */
  views?: Record<string, RowCounts>;
}

/** An evaluation that was made here. */
export interface KeptEvaluation {
  /** When, microseconds. A whole number. */
  made_us: number;
  /** Who asked for it. */
  made_by: string;
  /** What it found. */
  found: EvaluationFacts;
}

/** What the builder's consumer has before it. */
export interface LagSample {
  /** Messages that were not delivered yet. A whole number. */
  waiting: number;
  /** Messages that were delivered and not acknowledged. A whole number. */
  unacknowledged: number;
  /** Those of them that were delivered more than once. A whole number. */
  redelivered: number;
}

/** A rejected message. */
export interface LatestRejected {
  /** Its subject. */
  subject: string;
  /** Why, in fixed words. */
  reason: string;
  /** What was found and what is allowed. */
  detail: string;
  /** When the stream took it, microseconds. A whole number. */
  received_us: number;
  /** Its beginning. */
  payload: string;
  /** How long it was. A whole number. */
  payload_bytes: number;
}

/** What a feature does to the score of a tip, as a policy has learned it. */
export interface LearnedEffect {
  /** The feature. */
  feature: string;
  /** How much more of it the effect is told for, in words. */
  step: string;
  /** By how much that raises the reward that is expected; below 0: it lowers it. */
  effect: number;
  /** At most one standard deviation of the effect. */
  doubt: number;
  /** What it does; open: an effect may be there or not. */
  does: "lowers" | "open" | "raises";
  /** How sure that is. */
  certainty: "not known" | "probably" | "surely";
}

/** What a policy has learned of a user. */
export interface LearnedFacts {
  /** The policy, by its service. */
  policy: string;
  /** What the decisions that it has learned from still weigh, each once 1. */
  decisions: number;
  /**
   * Event time of the newest of them, or of its answer, microseconds; null: none. A whole number.
   */
  newest_us: number | null;
  /** How long ago that is, in words; null: never. */
  age: string | null;
  /** The reward that it expects of a tip whose features are all 0. */
  usual: number;
  /** At most one standard deviation of it. */
  usual_doubt: number;
  /** What each feature does, the surest first. */
  effects: LearnedEffect[];
  /** Why what is stored cannot be used, so that the prior acts; empty: it can. */
  refused: string;
}

/** A line in a box. */
export interface Line {
  /** "x,y x,y ...", as SVG takes them. */
  points: string;
  /** The least value. */
  low: number;
  /** The greatest. */
  high: number;
}

/** A picture. */
export interface Lineage {
  /** Of all of it. A whole number. */
  width: number;
  /** Of all of it. A whole number. */
  height: number;
  /** Of the columns. */
  headings: Box[];
  /** What there is. */
  boxes: Box[];
  /** What leads to what. */
  arrows: Arrow[];
}

/** A user in the list. */
export interface ListedUser {
  /** The user. */
  user_id: string;
  /** When this user was last active, microseconds; null: never. A whole number. */
  last_active_us: number | null;
  /** The same in Unix seconds. */
  last_active: number | null;
  /** How long ago that is, in words; null: never. */
  age: string | null;
  /** The state views that have a state. */
  views: string[];
}

/** What Redis has of a user beside what SQLite has. */
export interface OnlineFacts {
  /** View by view; empty if Redis did not answer. */
  views: OnlineView[];
  /** What Redis said; empty if it answered. */
  refusal: string;
  /** Whether the builder knows that Redis is behind for this user. */
  is_behind: boolean;
  /** Whether both say the same. */
  agrees: boolean;
}

/** Whether services see the rollout as the newest step left it. */
export interface OnlineRollout {
  /** Whether Redis says the same. */
  agrees: boolean;
  /** Why Redis does not answer; empty: it does. */
  refusal: string;
}

/** Redis against SQLite, for a sample of users and all their views. */
export interface OnlineSample {
  /** States compared. A whole number. */
  compared: number;
  /** Those that Redis does not have. A whole number. */
  missing: number;
  /** Those of which Redis has another version. A whole number. */
  older: number;
  /** How many users have a state that is missing or another. A whole number. */
  users: number;
}

/** One state view of a user in both places. */
export interface OnlineView {
  /** The view. */
  view: string;
  /** Whether SQLite has a state. */
  in_sqlite: boolean;
  /** Whether Redis has one. */
  in_redis: boolean;
  /** What is not the same, a sentence each. */
  differences: string[];
}

/** All that is told of a user. */
export interface PersonFacts {
  /** Who. */
  user_id: string;
  /** The moment that it is told of, Unix seconds. */
  now: number;
  /** The same in microseconds. A whole number. */
  now_us: number;
  /** The moment as it was asked for; empty: the present. */
  at: string;
  /** The user's local clock at that moment. A whole number. */
  utc_offset_minutes: number;
  /** Whether there is any signal by then. */
  has_signals: boolean;
  /** How many features are fresh, stale, expired, never seen. */
  counts: Record<string, number>;
  /**
   * Signals that were pruned: they count in the states, and in nothing else here. A whole number.
   */
  pruned: number;
  /**
   * When the newest signal was received, microseconds; 0: there is none. With `?newer_than=` and
   * this the answer is empty, status 204, until there is a newer one. A whole number.
   */
  received_us: number;
  /** The profile. */
  groups: GroupFacts[];
  /** The moments of each feature's course, Unix seconds. */
  course_times: number[];
  /** When in the week, for each view that counts by hour and weekday. */
  heat_maps: HeatFacts[];
  /** What each policy has learned of this user. */
  learned: LearnedFacts[];
  /** The latest signals, the newest first. */
  latest: SignalFacts[];
  /** Redis against SQLite; null: a moment in the past, of which Redis knows nothing. */
  online: OnlineFacts | null;
  /** What was done about this user here, the newest first. */
  audit: AuditFacts[];
}

/** What the log says of a policy; null is what it cannot say. */
export interface PolicyFigures {
  /** The policy. */
  policy: string;
  /** Why the log is not to be trusted about it; then nothing is reported. */
  flags: string[];
  /** Why it does not tell enough yet; then nothing is reported either. */
  lacks: string[];
  /** How many decisions of equal weight would say as much. */
  effective_size: number;
  /** Mean reward over decisions. */
  by_decision: EstimatesFacts | null;
  /** Mean over people of each one's mean reward. */
  by_person: EstimatesFacts | null;
  /** Bounds of the mean reward over these decisions, valid however often one looks. 2 elements. */
  sequence: [number, number] | null;
}

/** What the checks have found. */
export interface QualityFacts {
  /** When they last ran, microseconds. A whole number. */
  evaluated_us: number;
  /** Notices that could not be delivered yet. A whole number. */
  undelivered: number;
  /** Pending and firing alerts, the oldest first. */
  alerts: AlertFacts[];
  /** Alerts of the last week that are over, the newest first. */
  resolved: AlertFacts[];
  /** How many minutes `subjects` is about. A whole number. */
  minutes: number;
  /** What came in. */
  subjects: SubjectFacts[];
  /** How fresh the views were. */
  trends: TrendFacts[];
  /** Redis against SQLite, of a sample; null: not looked at. */
  online: OnlineSample | null;
  /** Who sent most in the last hour; null: nobody sent anything, or who asks is a viewer. */
  busiest: BusyUser | null;
}

/** Why a feature has its value. */
export interface ReasonFacts {
  /** Whose. */
  user_id: string;
  /** The moment that it is told of, Unix seconds. */
  now: number;
  /** The same in microseconds. A whole number. */
  now_us: number;
  /** The moment as it was asked for; empty: the present. */
  at: string;
  /** The user's local clock at that moment. A whole number. */
  utc_offset_minutes: number;
  /** Whether there is any signal of this user by then. */
  has_signals: boolean;
  /** The feature and its value. */
  feature: FeatureFacts;
  /** State columns that it is computed from. */
  reads: string[];
  /** State views that it comes from. */
  sources: SourceFacts[];
  /** How many signals stand behind it. A whole number. */
  signals: number;
  /** Signals whose value was replaced by a later one. A whole number. */
  replaced: number;
  /** Signals that were pruned: they count in the state and cannot be listed. A whole number. */
  pruned: number;
  /** What all of them still weigh together. */
  left: number;
  /** The signals, heaviest first; at most 50. */
  evidence: EvidenceFacts[];
  /** How many there are beyond these. A whole number. */
  more: number;
  /** What the signals come to beside what the state holds, column by column. */
  columns: ColumnSum[];
  /** Whether both are the same in every column. */
  agrees: boolean;
  /** The feature over time; null: it is no number. */
  course: DrawnCourse | null;
  /** Its moments, Unix seconds. */
  course_times: number[];
}

/** Rejected messages of one reason and subject. */
export interface RejectedCount {
  /** Why, in fixed words. */
  reason: string;
  /** Their subject. */
  subject: string;
  /** How many, among the latest 10,000. A whole number. */
  count: number;
  /** When the stream took the newest of them, microseconds. A whole number. */
  newest_us: number;
}

/** What an account may do. */
export type Role = "operator" | "viewer";

/** How far a new policy has come. */
export interface RolloutFacts {
  /** The policy that acted before. */
  live: string;
  /** The policy that is to take its place. */
  new: string;
  /** It watches (shadow), acts for some people (canary), or for all (full). */
  stage: "canary" | "full" | "shadow";
  /** How much of the people is in the canary; 0 in another stage. */
  percent: number;
  /** Share of decisions that is given to chance. */
  exploration: number;
  /** Number of the step that led here; 0: none was taken. A whole number. */
  step: number;
  /** The policy that acts, for all others where there is a canary. */
  acting: string;
  /** The stage in words. */
  words: string;
}

/** What a rebuild did to the rows of a view. */
export interface RowCounts {
  /** How many were wrong. A whole number. */
  changed: number;
  /** How many were too many. A whole number. */
  extra: number;
  /** How many were missing. A whole number. */
  missing: number;
  /** How many there are now. A whole number. */
  rows: number;
}

/** How soon somebody should look. */
export type Severity = "critical" | "info" | "warning";

/** A signal as it was received. */
export interface SignalFacts {
  /** Its id. */
  event_id: string;
  /** Its subject. */
  subject: string;
  /** Its event time, microseconds. A whole number. */
  occurred_us: number;
  /** The same in Unix seconds. */
  occurred_at: number;
  /** When the stream had it, microseconds. A whole number. */
  received_us: number;
  /** The same in Unix seconds. */
  received_at: number;
  /** The user's local clock as it tells it. A whole number. */
  utc_offset_minutes: number;
  /** The beginning of the message. */
  payload: string;
  /** The length of all of it. A whole number. */
  payload_bytes: number;
}

/** A state view that a feature comes from. */
export interface SourceFacts {
  /** Its name. */
  view: string;
  /** Where its signals come from. */
  source: string;
  /** The subjects that change it. */
  subjects: string[];
  /** After which time it expires, in words; null: never. */
  ttl: string | null;
  /** In which time its sums are halved, in words; null: nothing decays. */
  half_life: string | null;
}

/** How a feature was distributed over a logged sample of users. */
export interface Spread {
  /** The instant that their profiles are of, microseconds. A whole number. */
  at_us: number;
  /** How many users. A whole number. */
  users: number;
  /** The share whose value is null: withheld. */
  null: number;
  /** The share whose state is past its TTL; null: it rests on several states. */
  expired: number | null;
  /** The share that never had the state; null: it rests on several states. */
  never_seen: number | null;
  /** Of the values; null: they are no numbers. */
  mean: number | null;
  /** The same. */
  median: number | null;
  /** What 95 of 100 values are at most; null: they are no numbers. */
  p95: number | null;
}

/** Four answers about a state; a stale one still counts, an expired one does not. */
export type Staleness = "expired" | "fresh" | "never seen" | "stale";

/** How far an alert is. */
export type State = "firing" | "pending" | "resolved";

/** A step that was taken. */
export interface StepFacts {
  /** When, microseconds. A whole number. */
  taken_us: number;
  /** Who. */
  taken_by: string;
  /** What it led to. */
  rollout: RolloutFacts;
  /** Whether the gate was overruled. */
  forced: boolean;
  /** Why, in the words of whoever took it; may be empty if it was not forced. */
  reason: string;
  /** What the gate found of each rule. */
  findings: Finding[];
  /** How many decisions it looked at; null: none, as a step back needs none. A whole number. */
  decisions: number | null;
  /** Of how many people. A whole number. */
  people: number | null;
}

/** What came of a subject in the last minutes. */
export interface SubjectFacts {
  /** The subject. */
  subject: string;
  /** Signals stored. A whole number. */
  stored: number;
  /** Messages that had come before. A whole number. */
  duplicates: number;
  /** Signals a minute over time. */
  line: Line;
}

/** Whether everything works, and what was done here. */
export interface SystemPage {
  /** What waits behind the builder's batches; null: there is no database yet. */
  backlogs: Record<string, number> | null;
  /** What the builder has before it in the stream; null: not known. */
  lag: LagSample | null;
  /** Why it is not known; empty: it is. */
  nats_refusal: string;
  /** Why Redis does not answer; empty: it does. */
  redis_refusal: string;
  /** The files and their sizes. */
  files: FileFacts[];
  /** Versions by package. */
  versions: Record<string, string>;
  /** The moment, microseconds. A whole number. */
  now_us: number;
  /** The latest jobs, the newest first. */
  jobs: JobFacts[];
  /** Who may log in. */
  accounts: AccountFacts[];
  /** The user id that the audit log was asked about; empty: all of it. */
  person: string;
  /** What was done, the newest first. */
  audit: AuditFacts[];
  /** What to ask for older entries with; null: there are none. A whole number. */
  before: number | null;
}

/** How fresh a view was over the last week. */
export interface TrendFacts {
  /** The state view. */
  view: string;
  /** The share of users that is fresh now. */
  now: number;
  /** That share over time. */
  line: Line;
}

/** Some of the users. */
export interface UsersFacts {
  /** What was searched for; empty: nothing. */
  search: string;
  /** What the list is sorted by. */
  order: "id" | "newest" | "stalest";
  /** What to ask the next page with; null: this is the last. */
  after: string | null;
  /** Whether this is the first page. */
  is_first: boolean;
  /** The users. */
  users: ListedUser[];
}

/** How fresh a view's states are among some users. */
export interface ViewStaleness {
  /** The view. */
  view: string;
  /** Where its signals come from. */
  source: string;
  /** Users by `Staleness`. */
  counts: Record<string, number>;
  /** Event time of the newest state, microseconds; null: there is none. A whole number. */
  newest_us: number | null;
  /** Event time of the oldest of the newest states; null: there is none. A whole number. */
  oldest_us: number | null;
}

/**
 * What each page tells with `?format=json`. A user's page tells a reason if it is asked for a
 * feature. What is not answered with status 200 is a Failure.
 */
export interface PageByPath {
  "/admin/users": UsersFacts;
  "/admin/users/{user_id}": PersonFacts | ReasonFacts;
  "/admin/user": PersonFacts | ReasonFacts;
  "/admin/features": FeaturesPage;
  "/admin/features/{name}": FeaturePage;
  "/admin/bandit": BanditPage;
  "/admin/data-quality": DataQualityPage;
  "/admin/system": SystemPage;
  "/admin/jobs/{number}": JobPage;
}
