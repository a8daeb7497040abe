// What the compiler refuses, each line for its own reason: one that it took would be an error here.

import type { MoodLogged, TaskCreated, TipFeedback } from "../../docs/contract/signals.js";
import type { FeatureFacts } from "../../docs/contract/pages.js";
import type { BanditV2 } from "../../docs/contract/features.js";
import type { ServiceByRoute } from "../../docs/contract/service.js";

const envelope = { event_id: "1", user_id: "ada", occurred_at: "2026-01-01T08:00:00+01:00" };
const task = { task_id: "t", category: "c" };
const tip = { tip_id: "t", category: "c" };

// @ts-expect-error A mood without a score.
export const withoutScore: MoodLogged = { ...envelope };
// @ts-expect-error A score in words.
export const inWords: MoodLogged = { ...envelope, score: "good" };
// @ts-expect-error An instant that is no text.
export const noText: MoodLogged = { ...envelope, score: 3, occurred_at: 1_767_261_600 };
// @ts-expect-error A field of another name.
export const renamed: TaskCreated = { ...envelope, ...task, urgency: 3 };
// @ts-expect-error An answer that nobody can give.
export const unknownAnswer: TipFeedback = { ...envelope, ...tip, action: "later" };

// @ts-expect-error A request without the user's clock.
export const withoutClock: ServiceByRoute["POST /rank"]["request"] = {
  user_id: "ada",
  now: 1_767_261_600,
  candidates: [{ id: "t", category: "c" }],
};

/** A vector of the bandit lacks nothing, and a page's value need not be a number. */
export const lacking = (features: BanditV2): number =>
  // @ts-expect-error A feature of no such name.
  features.tip_rate;
export const valued = (feature: FeatureFacts): number =>
  // @ts-expect-error Truth values and texts are values too.
  feature.value;
