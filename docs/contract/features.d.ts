// Written by `oo contract` from the definitions that the code checks by: edit those.
/** How often, how long and at which local hours a user opens the app. */
export interface ActivityFeatures {
  /**
   * Sessions a week at the present pace. Unit: sessions per week. Without evidence: 0. At least 0.
   */
  sessions_per_week: number;
  /** Geometric mean length of a session. Unit: minutes. Without evidence: 0. At least 0. */
  typical_session_minutes: number;
  /** Time since the last session began. Unit: days. Without evidence: 90. 0 to 90. */
  days_since_active: number;
  /**
   * Share of sessions that begin in this local hour, smoothed. Unit: share. Without evidence:
   * 0.04167. 0 to 1.
   */
  active_share_this_hour: number;
  /**
   * Whether a session began within the last 30 minutes. Unit: yes or no. Without evidence: false.
   */
  is_active_now: boolean;
  /**
   * Local hour with most sessions, -1 if unknown. Unit: hour of day. Without evidence: -1. A whole
   * number. -1 to 23.
   */
  active_peak_hour: number;
  /**
   * Local weekday with most sessions, Monday 0, -1 if unknown. Unit: day of week. Without evidence:
   * -1. A whole number. -1 to 6.
   */
  active_peak_weekday: number;
}

/** Features of a candidate, as the service of this name has them, in its order. */
export interface BanditV1 {
  /** Time since the task was created. Unit: days. Without evidence: 0. At least 0. */
  task_age_days: number;
  /**
   * Time until the task is due, negative if it is overdue. Unit: hours. Without evidence: 720. -720
   * to 720.
   */
  hours_until_due: number;
  /** Whether the task was due before now. Unit: yes or no. Without evidence: false. */
  is_overdue: boolean;
  /** Priority, 4 is the most urgent. Unit: level. Without evidence: 1. 1 to 4. */
  priority_level: number;
  /** Sine of the local time of day as an angle. Unit: none. Without evidence: 0. -1 to 1. */
  hour_sin: number;
  /** Cosine of the local time of day as an angle. Unit: none. Without evidence: 0. -1 to 1. */
  hour_cos: number;
  /**
   * Whether it is Saturday or Sunday where the user is. Unit: yes or no. Without evidence: false.
   */
  is_weekend: boolean;
}

/** Features of a candidate, as the service of this name has them, in its order. */
export interface BanditV2 {
  /** Time since the task was created. Unit: days. Without evidence: 0. At least 0. */
  task_age_days: number;
  /**
   * Time until the task is due, negative if it is overdue. Unit: hours. Without evidence: 720. -720
   * to 720.
   */
  hours_until_due: number;
  /** Whether the task was due before now. Unit: yes or no. Without evidence: false. */
  is_overdue: boolean;
  /** Priority, 4 is the most urgent. Unit: level. Without evidence: 1. 1 to 4. */
  priority_level: number;
  /** Sine of the local time of day as an angle. Unit: none. Without evidence: 0. -1 to 1. */
  hour_sin: number;
  /** Cosine of the local time of day as an angle. Unit: none. Without evidence: 0. -1 to 1. */
  hour_cos: number;
  /**
   * Whether it is Saturday or Sunday where the user is. Unit: yes or no. Without evidence: false.
   */
  is_weekend: boolean;
  /**
   * Share of the user's completions that are of this category. Unit: share. Without evidence: 0. 0
   * to 1.
   */
  category_affinity: number;
  /**
   * Share of this category's tips that the user does, smoothed towards his own rate. Unit: share.
   * Without evidence: 0.2. 0 to 1.
   */
  category_acceptance: number;
  /**
   * Share of created tasks that get completed, smoothed. Unit: share. Without evidence: 0.5. 0 to
   * 1.
   */
  completion_rate: number;
  /**
   * Share of completions that fall into this local hour, smoothed. Unit: share. Without evidence:
   * 0.04167. 0 to 1.
   */
  productive_share_this_hour: number;
  /** Share of tips that get done, smoothed. Unit: share. Without evidence: 0.2. 0 to 1. */
  tip_done_rate: number;
}

/** How full a user's calendar is. */
export interface CalendarFeatures {
  /**
   * Share of the coming time that the calendar has taken. Unit: share. Without evidence: 0. 0 to 1.
   */
  calendar_busyness: number;
}

/** What can be said of a candidate task without knowing the user. */
export interface CandidateFeatures {
  /** Time since the task was created. Unit: days. Without evidence: 0. At least 0. */
  task_age_days: number;
  /**
   * Time until the task is due, negative if it is overdue. Unit: hours. Without evidence: 720. -720
   * to 720.
   */
  hours_until_due: number;
  /** Whether the task was due before now. Unit: yes or no. Without evidence: false. */
  is_overdue: boolean;
  /** Priority, 4 is the most urgent. Unit: level. Without evidence: 1. 1 to 4. */
  priority_level: number;
  /** Sine of the local time of day as an angle. Unit: none. Without evidence: 0. -1 to 1. */
  hour_sin: number;
  /** Cosine of the local time of day as an angle. Unit: none. Without evidence: 0. -1 to 1. */
  hour_cos: number;
  /**
   * Whether it is Saturday or Sunday where the user is. Unit: yes or no. Without evidence: false.
   */
  is_weekend: boolean;
}

/** How fresh each source is. */
export interface FreshnessFeatures {
  /**
   * When app was last read to its end, 0 if never. Unit: Unix seconds. Without evidence: 0. At
   * least 0.
   */
  app_last_synced_at: number;
  /**
   * When todoist was last read to its end, 0 if never. Unit: Unix seconds. Without evidence: 0. At
   * least 0.
   */
  todoist_last_synced_at: number;
  /**
   * When tip was last read to its end, 0 if never. Unit: Unix seconds. Without evidence: 0. At
   * least 0.
   */
  tip_last_synced_at: number;
  /**
   * When calendar was last read to its end, 0 if never. Unit: Unix seconds. Without evidence: 0. At
   * least 0.
   */
  calendar_last_synced_at: number;
  /**
   * When mood was last read to its end, 0 if never. Unit: Unix seconds. Without evidence: 0. At
   * least 0.
   */
  mood_last_synced_at: number;
  /**
   * Hours since app was last read or last had something new. Unit: hours. Without evidence: 2160. 0
   * to 2160.
   */
  hours_since_app: number;
  /**
   * Hours since todoist was last read or last had something new. Unit: hours. Without evidence:
   * 2160. 0 to 2160.
   */
  hours_since_todoist: number;
  /**
   * Hours since tip was last read or last had something new. Unit: hours. Without evidence: 1440. 0
   * to 1440.
   */
  hours_since_tip: number;
  /**
   * Hours since calendar was last read or last had something new. Unit: hours. Without evidence:
   * 24. 0 to 24.
   */
  hours_since_calendar: number;
  /**
   * Hours since mood was last read or last had something new. Unit: hours. Without evidence: 168. 0
   * to 168.
   */
  hours_since_mood: number;
}

/** The user's profile as seen from one candidate task. */
export interface MatchFeatures {
  /**
   * Share of the user's completions that are of this category. Unit: share. Without evidence: 0. 0
   * to 1.
   */
  category_affinity: number;
  /**
   * Share of this category's tips that the user does, smoothed towards his own rate. Unit: share.
   * Without evidence: 0.2. 0 to 1.
   */
  category_acceptance: number;
}

/** How a user says he feels. */
export interface MoodFeatures {
  /** The latest mood, 5 is best. Unit: points. Without evidence: 3. 1 to 5. */
  mood_score: number;
  /** The latest mood less the decayed mean. Unit: points. Without evidence: 0. -4 to 4. */
  mood_trend: number;
}

/** All that is known of a user: the service `profile_v1`. */
export type Profile = ActivityFeatures & CalendarFeatures & FreshnessFeatures & MoodFeatures & TaskFeatures & TipFeatures;

/** How reliably, when and on what a user works. */
export interface TaskFeatures {
  /**
   * Share of created tasks that get completed, smoothed. Unit: share. Without evidence: 0.5. 0 to
   * 1.
   */
  completion_rate: number;
  /**
   * Share of decisions on tasks that put them off, smoothed. Unit: share. Without evidence: 0.1. 0
   * to 1.
   */
  snooze_rate: number;
  /**
   * Tasks completed a week at the present pace. Unit: tasks per week. Without evidence: 0. At least
   * 0.
   */
  tasks_completed_per_week: number;
  /**
   * Decayed number of task signals that the task features rest on. Unit: signals. Without evidence:
   * 0. At least 0.
   */
  task_evidence: number;
  /**
   * The three categories with most completions, heaviest first, as a JSON array. Unit: names.
   * Without evidence: "[]".
   */
  preferred_categories: string;
  /**
   * The three local hours with most completions, heaviest first, as a JSON array. Unit: hours of
   * day. Without evidence: "[]".
   */
  productive_hours: string;
  /**
   * The two local weekdays with most completions, heaviest first, as a JSON array. Unit: days of
   * week. Without evidence: "[]".
   */
  productive_weekdays: string;
  /**
   * Share of completions that fall into this local hour, smoothed. Unit: share. Without evidence:
   * 0.04167. 0 to 1.
   */
  productive_share_this_hour: number;
  /**
   * Share of completions that fall on this local weekday, smoothed. Unit: share. Without evidence:
   * 0.1429. 0 to 1.
   */
  productive_share_this_weekday: number;
}

/** How a user answers tips. */
export interface TipFeatures {
  /** Share of tips that get done, smoothed. Unit: share. Without evidence: 0.2. 0 to 1. */
  tip_done_rate: number;
  /** Share of tips that get dismissed, smoothed. Unit: share. Without evidence: 0.1. 0 to 1. */
  tip_dismiss_rate: number;
  /**
   * Tips shown a week at the present pace. Unit: tips per week. Without evidence: 0. At least 0.
   */
  tips_per_week: number;
  /**
   * Mean time until a tip is answered, where it is known. Unit: seconds. Without evidence: 0. At
   * least 0.
   */
  typical_dwell_seconds: number;
}

/** The features that each feature service has. */
export interface FeaturesByService {
  profile_v1: Profile;
  bandit_v1: BanditV1;
  bandit_v2: BanditV2;
}
