// A day of somebody's life as the app tells it: one signal of every subject.

import type { Decision, SignalBySubject } from "../../docs/contract/signals.js";

export type Subject = keyof SignalBySubject;
export type Published = { [S in Subject]: { subject: S; data: SignalBySubject[S] } }[Subject];

/** What the bandit's service logs of its choice; the app passes it on as it got it. */
const decision: Decision = {
  service: "bandit_v1",
  live: "bandit_v1",
  stage: "shadow",
  now: 1_767_261_600,
  candidates: 12,
  propensity: 0.91,
  features: {
    task_age_days: 3,
    hours_until_due: 20,
    is_overdue: 0,
    priority_level: 4,
    hour_sin: 0.5,
    hour_cos: -0.87,
    is_weekend: 0,
  },
  policies: { bandit_v1: { probability: 0.91, expected_reward: 0.4, prediction: 0.6 } },
};

/**
 * Return one signal of every subject.
 *
 * @param userId Whom they are about.
 * @param day An RFC 3339 date; the clock of the user is an hour ahead of UTC.
 */
export function aDay(userId: string, day: string): Published[] {
  const at = (time: string) => ({ user_id: userId, occurred_at: `${day}T${time}+01:00` });
  const id = (name: string) => ({ event_id: `${day}-${name}` });
  const task = { task_id: "write-the-report", category: "writing" };
  const tip = { tip_id: "now-the-report", category: "writing" };
  const { service, features } = decision;
  return [
    {
      subject: "signals.app.session",
      data: { ...id("open"), ...at("08:00:00"), duration_seconds: 240 },
    },
    {
      subject: "signals.task.created",
      data: { ...id("new"), ...at("08:01:00"), ...task, priority: 3, due_at: null },
    },
    { subject: "signals.task.snoozed", data: { ...id("later"), ...at("08:02:00"), ...task } },
    { subject: "signals.tip.shown", data: { ...id("shown"), ...at("10:00:00"), ...tip, decision } },
    {
      subject: "signals.tip.feedback",
      data: {
        ...id("answer"),
        ...at("10:00:09"),
        ...tip,
        action: "done",
        dwell_ms: 9000,
        decision: { service, features, shown_at: Date.parse(`${day}T10:00:00+01:00`) / 1000 },
      },
    },
    { subject: "signals.task.completed", data: { ...id("done"), ...at("11:30:00"), ...task } },
    {
      subject: "signals.calendar.synced",
      data: { ...id("calendar"), ...at("12:00:00"), busy_minutes: 90, window_minutes: 480 },
    },
    { subject: "signals.mood.logged", data: { ...id("mood"), ...at("18:00:00"), score: 4 } },
    { subject: "signals.source.synced", data: { ...id("sync"), ...at("18:05:00"), source: "todoist" } },
  ];
}
