import { Button, Card, Code, Group, Select, SimpleGrid, Stack, Text, Title } from "@mantine/core";
import { useState } from "react";
import { type Operation, urlOf } from "../../api/call.ts";
import { OPERATIONS } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { Chip } from "../../parts/chip.tsx";
import { CopyAs } from "../../parts/copy-as.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { ScreenHead } from "../../parts/screen-head.tsx";
import { SCREEN_NAMES } from "../../shell/screen-names.ts";
import { useCapabilities } from "../../shell/session.ts";
import { useTexts } from "../../texts/texts.ts";

/** Why somebody cannot do something here, what the navigation leaves out, and what support needs to know: without anybody's data (R22). */
export function DiagnosticsScreen() {
  const { t } = useTexts();
  return (
    <>
      <ScreenHead title={t("diagnostics.title")}>
        <CopyAs url={urlOf("diagnostics.get", {})} command="muster doctor" />
      </ScreenHead>
      <SimpleGrid cols={{ base: 1, md: 2 }}>
        <WhyNot />
        <LeftOut />
        <Support />
      </SimpleGrid>
    </>
  );
}

function WhyNot() {
  const { t, word } = useTexts();
  const [operation, setOperation] = useState<string | null>(null);
  const { data, error } = useApi(
    "me.capabilities",
    { query: { operation: operation ?? "" } },
    { enabled: operation !== null },
  );
  const found = data && "operation" in data ? data : undefined;
  return (
    <Card withBorder padding="md">
      <Stack>
        <Title order={2}>{t("diagnostics.whyNot")}</Title>
        <Select
          label={t("diagnostics.operation")}
          searchable
          clearable
          data={Object.keys(OPERATIONS).sort()}
          value={operation}
          onChange={setOperation}
        />
        {error && <ProblemNotice problem={error} />}
        {found && operation !== null && (
          <Stack gap="sm">
            <Group>
              <Chip
                meaning={found.allowed && !found.refusal ? "good" : "bad"}
                label={t(found.allowed && !found.refusal ? "diagnostics.allowed" : "diagnostics.refused")}
              />
              <Code>{OPERATIONS[operation as Operation].join(" ")}</Code>
            </Group>
            {found.refusal && <Text>{found.refusal.message}</Text>}
            {found.missing && <Text>{t("shared.needs", { permission: found.missing })}</Text>}
            {found.reason && <Text>{word("diagnostics", found.reason)}</Text>}
            {found.missing && (
              <Text>
                {t("shared.whoCould", {
                  names: found.heldBy.map((one) => one.userName).join(", ") || t("shared.nobody"),
                })}
              </Text>
            )}
          </Stack>
        )}
      </Stack>
    </Card>
  );
}

function LeftOut() {
  const { t } = useTexts();
  const capabilities = useCapabilities();
  const hidden = SCREEN_NAMES.filter(({ needs }) => capabilities?.get(needs)?.anywhere === false);
  return (
    <Card withBorder padding="md">
      <Stack>
        <Title order={2}>{t("diagnostics.leftOut")}</Title>
        {hidden.length === 0 ? (
          <Text>{t("diagnostics.nothingLeftOut")}</Text>
        ) : (
          hidden.map(({ path, title, needs }) => (
            <Text key={path}>
              {t(title)}: {t("shared.needs", { permission: capabilities?.get(needs)?.permission ?? "" })}
            </Text>
          ))
        )}
      </Stack>
    </Card>
  );
}

function Support() {
  const { t } = useTexts();
  const { data, error, refetch } = useApi("diagnostics.get", {});
  if (error) return <ProblemNotice problem={error} onRetry={() => void refetch()} />;
  if (!data) return null;
  const text = JSON.stringify(data, null, 2);
  return (
    <Card withBorder padding="md">
      <Stack>
        <Title order={2}>{t("diagnostics.support")}</Title>
        <Text c="dimmed">{t("diagnostics.supportMeans")}</Text>
        <Text>
          Muster {data.versions.muster}, Node {data.versions.node}, PostgreSQL {data.versions.postgresql},{" "}
          {data.versions.platform}
        </Text>
        <Group>
          <Button
            component="a"
            variant="default"
            download="muster-diagnostics.json"
            href={`data:application/json,${encodeURIComponent(text)}`}
          >
            {t("diagnostics.download")}
          </Button>
        </Group>
        <Code block mah={320} tabIndex={0} style={{ overflow: "auto" }}>
          {text}
        </Code>
      </Stack>
    </Card>
  );
}
