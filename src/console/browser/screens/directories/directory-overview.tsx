import { Group, Stack } from "@mantine/core";
import { useNavigate } from "react-router";
import type { Row } from "../../api/call.ts";
import { useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Facts } from "../../parts/facts.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { ScimArrival } from "./scim-arrival.tsx";
import { TestSteps } from "./test-steps.tsx";

/** How a directory stands, and what brings it here: the provider's requests, or a run. */
export function DirectoryOverview({ directory }: { directory: Row<"directories.list"> }) {
  const { t, word } = useTexts();
  const { name, kind } = directory;
  const isPulled = kind !== "scim" && kind !== "internal";
  return (
    <Stack gap="md">
      <Facts
        rows={[
          [t("directories.kind"), word("directories", kind)],
          [t("directories.permissions"), word("directories", directory.permissions)],
          ...(directory.baseUrl === null ? [] : [[t("directories.baseUrl"), directory.baseUrl] as const]),
          [t("directories.authoritative"), directory.authoritativeDomains.join(", ") || t("shared.none")],
          [t("directories.domainPolicy"), t(directory.domainPolicy ? "shared.yes" : "shared.no")],
          ...(directory.switchedTo === null ? [] : [[t("directories.switchedTo"), directory.switchedTo] as const]),
        ]}
      />
      {kind === "scim" && <ScimArrival name={name} />}
      {isPulled && <Pulled name={name} />}
    </Stack>
  );
}

function Pulled({ name }: { name: string }) {
  const { t } = useTexts();
  const act = useAct();
  const navigate = useNavigate();
  const testing = useChange("directories.test");
  const sync = async (mode: "run" | "dry-run"): Promise<void> => {
    const asked = await act(
      "directories.sync",
      { params: { directory: name }, body: { mode } },
      t("directories.syncAsked", { name }),
    );
    if (asked) void navigate(`/runs?open=${asked.runId}`);
  };
  return (
    <>
      <Group gap="sm">
        <ActButton operation="directories.sync" onClick={() => void sync("run")}>
          {t("directories.syncNow")}
        </ActButton>
        <ActButton operation="directories.sync" variant="default" onClick={() => void sync("dry-run")}>
          {t("directories.dryRun")}
        </ActButton>
        <ActButton
          operation="directories.test"
          variant="default"
          loading={testing.isPending}
          onClick={() => testing.mutate({ params: { directory: name } })}
        >
          {t("directories.test")}
        </ActButton>
      </Group>
      {testing.error && <ProblemNotice problem={testing.error} />}
      {testing.data && <TestSteps test={testing.data} />}
    </>
  );
}
