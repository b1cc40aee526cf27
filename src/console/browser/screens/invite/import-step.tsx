import { Button, FileButton, Group, Progress, Stack, Table, Text, Textarea } from "@mantine/core";
import { useState } from "react";
import { type Answer, call, type Problem } from "../../api/call.ts";
import { useApi, useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Chip } from "../../parts/chip.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Many people as a job: a file's rows, what they would come to, and how far it is (U8). */
export function ImportStep({ csv: given, notify, onBack }: { csv: string; notify: boolean; onBack: () => void }) {
  const { t } = useTexts();
  const [csv, setCsv] = useState(given);
  const [preview, setPreview] = useState<Answer<"invitations.previewImport">>();
  const [problem, setProblem] = useState<Problem | null>(null);
  const start = useChange("invitations.import");
  const body = { csv, notify };
  const look = (): void => {
    setProblem(null);
    call("invitations.previewImport", { body }).then(setPreview, setProblem);
  };
  if (start.data) return <JobProgress id={start.data.id} onBack={onBack} />;
  return (
    <Stack>
      <Text>{t("invite.importMeans")}</Text>
      <Textarea
        label={t("invite.rows")}
        placeholder={"email,product,role,space\nann@example.com,wiki,guest,docs"}
        autosize
        minRows={5}
        maxRows={14}
        value={csv}
        onChange={(event) => {
          setCsv(event.currentTarget.value);
          setPreview(undefined);
        }}
      />
      <Group>
        <FileButton
          accept=".csv,.tsv,text/csv"
          onChange={(file) => {
            setPreview(undefined);
            void file?.text().then(setCsv);
          }}
        >
          {(props) => (
            <Button variant="default" {...props}>
              {t("invite.file")}
            </Button>
          )}
        </FileButton>
        <Button variant="default" onClick={look} disabled={csv.trim() === ""}>
          {t("shared.preview")}
        </Button>
      </Group>
      {(problem ?? start.error) && <ProblemNotice problem={(problem ?? start.error) as Problem} />}
      {preview && (
        <>
          <Text aria-live="polite">{t("invite.importRows", { n: preview.total })}</Text>
          <Table.ScrollContainer minWidth={320} mah={320}>
            <Table>
              <Table.Tbody>
                {preview.rows.map(({ row, email, state, message }) => (
                  <Table.Tr key={row}>
                    <Table.Td>{row}</Table.Td>
                    <Table.Td>{email}</Table.Td>
                    <Table.Td>
                      <Chip meaning={MEANINGS.jobRow[state]} label={t(`invite.row-${state}`)} />
                    </Table.Td>
                    <Table.Td>{message}</Table.Td>
                  </Table.Tr>
                ))}
              </Table.Tbody>
            </Table>
          </Table.ScrollContainer>
        </>
      )}
      <Group justify="space-between">
        <Button variant="default" onClick={onBack}>
          {t("shared.back")}
        </Button>
        <ActButton
          operation="invitations.import"
          disabled={preview === undefined}
          loading={start.isPending}
          onClick={() => start.mutate({ body })}
        >
          {t("invite.startImport")}
        </ActButton>
      </Group>
    </Stack>
  );
}

function JobProgress({ id, onBack }: { id: string; onBack: () => void }) {
  const { t } = useTexts();
  const job = useApi("jobs.get", { params: { id } }, { every: 2_000 });
  const refused = useApi("jobs.results", { params: { id }, query: { state: "refused" } }, { every: 5_000 });
  const counts = job.data?.counts;
  const over = (counts?.done ?? 0) + (counts?.unchanged ?? 0) + (counts?.refused ?? 0);
  return (
    <Stack>
      {job.error && <ProblemNotice problem={job.error} />}
      <Text role="status">
        {t("invite.progress", { over, total: counts?.total ?? 0, refused: counts?.refused ?? 0 })}
      </Text>
      <Progress value={counts?.total ? (100 * over) / counts.total : 0} aria-label={t("invite.import")} />
      {job.data?.detail && <Text c="dimmed">{job.data.detail}</Text>}
      {refused.data?.data.map(({ row, email, message }) => (
        <Text key={row}>
          {row}: {email} – {message}
        </Text>
      ))}
      <Group>
        <Button variant="default" onClick={onBack}>
          {t("shared.done")}
        </Button>
      </Group>
    </Stack>
  );
}
