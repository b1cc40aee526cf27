import { before, behind, filter, type Item, type Lists, OF, plain, position, text } from "./list.ts";

/** What happened, and what runs. */
export const RECORDS: Lists = {
  "events.list": {
    path: () => "/events",
    bare: plain(
      "o.subject as key, o.transaction::text, o.id, o.at, o.kind, o.subject_kind, o.data",
      "outbox o",
      "o",
      "o.transaction < pg_snapshot_xmin(pg_current_snapshot())",
      "o.transaction, o.id",
    ),
    key: (item) => (item.subject as Item).id,
    after: ({ id }) => `(o.transaction, o.id) > (${position(id)})`,
  },
  "events.kinds": { path: () => "/events/kinds", bare: null },
  "audit.list": {
    path: () => "/audit",
    bare: plain(
      "a.id as key, a.at, a.actor_kind, a.actor, a.request_id, a.action, a.subject_kind, a.subject, a.detail",
      "audit a",
      "a",
      "",
      "a.id desc",
    ),
    after: before("a.id"),
    ways: [
      { name: "action", query: filter('action eq "access.changed"'), where: "a.action = 'access.changed'" },
      {
        name: "an action that is not there",
        query: filter('action eq "user.erased"'),
        where: "a.action = 'user.erased'",
      },
      { name: "subject", query: "subject=:person", where: "a.subject = ':person'" },
      { name: "oldest first", query: "order=oldest-first", order: "a.id", after: behind("a.id") },
    ],
  },
  "directories.list": {
    path: () => "/directories",
    bare: plain("d.id as key, d.*", "directories d", "d", "d.removed_at is null", "d.position"),
  },
  "directories.tokens": {
    path: ({ directory }) => `/directories/${directory}/tokens`,
    bare: plain(
      "k.id as key, k.name, k.scopes, k.expires_at, k.created_at",
      "tokens k join directories d on d.organization = k.organization and d.id = k.directory",
      "k",
      "d.name = ':directory'",
      "k.id",
    ),
  },
  "directories.scimRequests": {
    path: ({ directory }) => `/directories/${directory}/scim-requests`,
    bare: plain(
      "r.id as key, r.*",
      "scim_requests r",
      "r",
      `r.directory = (select d.id from directories d where d.organization = ${OF}
      and d.name = ':directory')`,
      "r.at desc, r.id desc",
    ),
    after: (item) => `(r.at, r.id) < (${text(item.at)}, ${text(item.id)})`,
    ways: [{ name: "status", query: "status=409", where: "r.status = 409" }],
  },
  "runs.list": {
    path: () => "/runs",
    bare: plain(
      "r.id as key, r.*, d.name",
      "sync_runs r join directories d on d.organization = r.organization and d.id = r.directory",
      "r",
      "",
      "r.id desc",
    ),
    after: before("r.id"),
    ways: [
      { name: "state failed", query: "state=failed", where: "r.state = 'failed'" },
      { name: "state held", query: filter('state eq "held"'), where: "r.state = 'held'" },
    ],
  },
  "runs.plan": {
    path: ({ run }) => `/runs/${run}/plan`,
    bare: plain(
      "p.subject as key, p.seq, p.kind, p.member, p.name, p.previous, p.next, p.conflict, p.applied_at",
      "sync_plan p",
      "p",
      "p.run = ':run'",
      "p.seq",
    ),
    key: (item) => item.subject,
    after: (item) => `p.seq > (select seq from sync_plan where run = ':run' and subject = ${text(item.subject)})`,
    ways: [{ name: "kind", query: "kind=user-update", where: "p.kind = 'user-update'" }],
  },
  "runs.conflicts": {
    path: ({ run }) => `/runs/${run}/conflicts`,
    bare: plain(
      "p.seq as key, p.kind, p.name, p.conflict, p.conflict_kind, p.sides, p.next",
      "sync_plan p",
      "p",
      "p.run = ':run' and p.conflict is not null",
      "p.seq",
    ),
    key: (item) => item.seq,
    after: (item) => `p.seq > ${text(item.seq)}`,
  },
  "presets.list": { path: () => "/settings/presets", bare: null },
  "jobs.list": {
    path: () => "/jobs",
    bare: plain("j.id as key, j.*", "jobs j", "j", "j.action <> 'export'", "j.id desc"),
    after: before("j.id"),
  },
  "jobs.results": {
    path: ({ job }) => `/jobs/${job}/results`,
    bare: plain(
      "r.subject as key, a.user_name, r.state, r.code, r.message",
      "job_rows r left join accounts a on a.organization = r.organization and a.id = r.subject",
      "r",
      "r.job = ':job'",
      "r.subject",
    ),
    key: (item) => item.user,
    after: (item) => `r.subject > ${text(item.user)}`,
    ways: [{ name: "state refused", query: "state=refused", where: "r.state = 'refused'" }],
  },
  "exports.list": {
    path: () => "/exports",
    bare: plain("j.id as key, j.*", "jobs j", "j", "j.action = 'export'", "j.id desc"),
    after: before("j.id"),
  },
  "webhooks.list": { path: () => "/webhooks", bare: plain("w.id as key, w.*", "webhooks w", "w", "", "w.id") },
  "webhooks.deliveries": {
    path: ({ webhook }) => `/webhooks/${webhook}/deliveries`,
    bare: plain("d.id as key, d.*", "webhook_deliveries d", "d", "d.webhook = ':webhook'", "d.number desc"),
    after: (item) => `d.number < (select number from webhook_deliveries where id = ${text(item.id)})`,
    ways: [{ name: "state failed", query: "state=failed", where: "d.state = 'failed'" }],
  },
};
