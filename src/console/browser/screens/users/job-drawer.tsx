import { Button, Drawer, Group, Progress, Skeleton, Stack, Text } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { Link } from "react-router";
import type { Answer, Asked } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { useAddressState, useOpened } from "../../parts/address-state.ts";
import { Chip } from "../../parts/chip.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

type Job = Answer<"jobs.get">;
type Action = Asked<"users.bulk">["body"]["action"];

const INVERSE: Readonly<Partial<Record<Job["action"], Action>>> = {
  suspend: "restore",
  restore: "suspend",
  deactivate: "reactivate",
  reactivate: "deactivate",
};

/** How far a job is, and what became of each person (`?job=ID`). */
export function JobDrawer() {
  const { t, word } = useTexts();
  const { opened, close } = useOpened("job");
  const ended = (job: Job | undefined) => job !== undefined && job.state !== "queued" && job.state !== "running";
  const found = useApi("jobs.get", { params: { id: opened } }, { enabled: opened !== "", every: 1_000 });
  const job = found.data;
  return (
    <Drawer
      opened={opened !== ""}
      onClose={close}
      title={job ? word("users", job.action) : t("users.job")}
      closeButtonProps={{ "aria-label": t("shared.close") }}
    >
      {found.error && <ProblemNotice problem={found.error} onRetry={() => void found.refetch()} />}
      {!job && !found.error && <Skeleton height={120} />}
      {job && (
        <Stack>
          <Group justify="space-between">
            <Chip meaning={MEANINGS.job[job.state]} label={word("users", `job-${job.state}`)} />
            {!ended(job) && <CancelJob id={job.id} />}
            {ended(job) && <Undo job={job} />}
          </Group>
          <HowFar job={job} />
          {job.detail && <Text c="dimmed">{job.detail}</Text>}
          {job.action === "export"
            ? job.state === "done" && (
                <Button
                  component="a"
                  href={`/api/v1/exports/${job.id}/file`}
                  download
                  leftSection={<IconDownload size={16} />}
                >
                  {t("users.download")}
                </Button>
              )
            : job && <Results id={job.id} every={ended(job) ? false : 1_000} />}
        </Stack>
      )}
    </Drawer>
  );
}

function HowFar({ job: { counts, action, state } }: { job: Job }) {
  const { t } = useTexts();
  const over = counts.done + counts.unchanged + counts.refused;
  const part = counts.total ? (over / counts.total) * 100 : state === "done" ? 100 : 0;
  return (
    <>
      <Progress value={part} aria-label={t("users.progress")} />
      <Text aria-live="polite">
        {action === "export"
          ? t("users.exported", { n: counts.done })
          : t("users.counts", { done: counts.done, unchanged: counts.unchanged, refused: counts.refused })}
      </Text>
    </>
  );
}

function CancelJob({ id }: { id: string }) {
  const { t } = useTexts();
  const act = useAct();
  return (
    <Button variant="default" onClick={() => void act("jobs.cancel", { params: { id } }, t("users.job-cancelled"))}>
      {t("users.stop")}
    </Button>
  );
}

/** The same people, the other way round: those whom the job changed. */
function Undo({ job }: { job: Job }) {
  const { t, word } = useTexts();
  const { set } = useAddressState();
  const act = useAct();
  const inverse = INVERSE[job.action];
  const changed = useApi(
    "jobs.results",
    { params: { id: job.id }, query: { state: "done", limit: 200 } },
    { enabled: inverse !== undefined },
  );
  const ids = (changed.data?.data ?? []).flatMap((row) => row.user ?? []);
  if (inverse === undefined || ids.length === 0 || changed.data?.page.next !== null) return null;
  return (
    <Button
      variant="default"
      onClick={() =>
        void act("users.bulk", { body: { action: inverse, ids } }, word("users", inverse)).then(
          (made) => made && set({ job: made.job.id }),
        )
      }
    >
      {t("shared.undo")}
    </Button>
  );
}

function Results({ id, every }: { id: string; every: number | false }) {
  const { t, word } = useTexts();
  const found = useApi("jobs.results", { params: { id }, query: { limit: 200 } }, { every, keep: true });
  if (found.error) return <ProblemNotice problem={found.error} />;
  return (
    <section className="table-scroll" tabIndex={0} aria-label={t("users.results")}>
      <table className="table">
        <caption className="visually-hidden">{t("users.results")}</caption>
        <thead>
          <tr>
            <th scope="col">{t("users.userName")}</th>
            <th scope="col">{t("users.outcome")}</th>
          </tr>
        </thead>
        <tbody>
          {(found.data?.data ?? []).map((row) => (
            <tr key={row.user ?? row.row}>
              <td>{row.user ? <Link to={`/users/${row.user}`}>{row.userName}</Link> : row.email}</td>
              <td>
                <Chip meaning={MEANINGS.jobRow[row.state]} label={word("users", `row-${row.state}`)} />
                {row.message && <Text c="dimmed">{row.message}</Text>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
