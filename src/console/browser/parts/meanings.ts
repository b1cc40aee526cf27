import type { Answer, Row } from "../api/call.ts";
import type { JobResult, MergedFact, User } from "../api/operations.gen.ts";

/** Colours that mean something: green goes, blue waits for a person, yellow needs a look, red is ended or wrong, grey is neither. */
export type Meaning = "good" | "waiting" | "attention" | "bad" | "neutral";

/** What is shown as a chip: by each, the words that the API has for it. */
type Shown = {
  status: User["status"];
  invitation: Row<"invitations.list">["state"];
  /** Of an invitation's mail. */
  delivery: Row<"invitations.list">["delivery"];
  /** What becomes of an address that is invited. */
  verdict: Answer<"invitations.create">["results"][number]["verdict"];
  mail: Row<"mails.list">["state"];
  link: Row<"links.list">["state"];
  request: Row<"requests.list">["state"];
  run: Row<"runs.list">["state"];
  /** A step of looking whether a directory can be read. */
  testStep: Answer<"directories.test">["steps"][number]["verdict"];
  job: Answer<"jobs.get">["state"];
  /** What a job did to one row. */
  jobRow: JobResult["state"];
  /** What becomes of a thing when an account goes into another. */
  merged: MergedFact["outcome"];
  /** Of an event to a webhook. */
  webhook: Row<"webhooks.deliveries">["state"];
};

/** What each state means, in one place, so that a colour says the same on every screen. */
export const MEANINGS: { readonly [Kind in keyof Shown]: Readonly<Record<Shown[Kind], Meaning>> } = {
  status: {
    "invited-not-sent": "neutral",
    invited: "waiting",
    active: "good",
    suspended: "attention",
    deactivated: "bad",
  },
  invitation: {
    pending: "waiting",
    expired: "attention",
    accepted: "good",
    declined: "bad",
    revoked: "bad",
    superseded: "neutral",
    "needs-review": "attention",
  },
  delivery: {
    "not-requested": "neutral",
    queued: "waiting",
    accepted: "good",
    deferred: "attention",
    bounced: "bad",
    failed: "bad",
    suppressed: "bad",
  },
  verdict: { invited: "waiting", given: "good", member: "neutral", "needs-review": "attention", refused: "bad" },
  mail: {
    queued: "waiting",
    sending: "waiting",
    deferred: "attention",
    sent: "good",
    bounced: "bad",
    failed: "bad",
    suppressed: "bad",
    cancelled: "neutral",
  },
  link: { usable: "good", disabled: "bad", expired: "attention", exhausted: "neutral" },
  request: { open: "waiting", approved: "good", denied: "bad" },
  run: {
    running: "waiting",
    previewed: "waiting",
    held: "attention",
    done: "good",
    partial: "attention",
    failed: "bad",
    abandoned: "bad",
    undone: "neutral",
    discarded: "neutral",
  },
  testStep: { passed: "good", warned: "attention", failed: "bad", skipped: "neutral" },
  job: { queued: "waiting", running: "waiting", done: "good", failed: "bad", cancelled: "neutral" },
  jobRow: { open: "waiting", done: "good", unchanged: "neutral", refused: "bad" },
  merged: { moved: "good", "moved-waits": "waiting", kept: "neutral", lost: "bad" },
  webhook: { waiting: "neutral", pending: "waiting", delivered: "good", failed: "bad" },
};
