import { Group, Stack, Table, Text, Title } from "@mantine/core";
import { useState } from "react";
import type { Answer } from "../../api/call.ts";
import { useApi, useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Instant } from "../../parts/instant.tsx";
import { OneDrawer } from "../../parts/one-drawer.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTexts } from "../../texts/texts.ts";
import { Facts } from "../invite/facts.tsx";
import { CopyUrl } from "./copy-url.tsx";
import { Gives, LinkChip } from "./link-chip.tsx";

/** One link: what it gives, who came by it, another URL, its end. */
export function LinkDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTexts();
  const found = useApi("links.get", { params: { id } }, { enabled: id !== "" });
  return (
    <OneDrawer id={id} found={found} title={t("links.title")} titleOf={(one) => one.label} onClose={onClose}>
      {(link) => <Shown key={link.id} link={link} />}
    </OneDrawer>
  );
}

function Shown({ link }: { link: Answer<"links.get"> }) {
  const { t } = useTexts();
  const params = { id: link.id };
  const [url, setUrl] = useState<string>();
  const [asked, setAsked] = useState(false);
  const reset = useChange("links.reset");
  const disable = useChange("links.disable");
  const problem = reset.error ?? disable.error;
  return (
    <Stack>
      <Group>
        <LinkChip state={link.state} />
      </Group>
      <Facts
        rows={[
          [t("links.gives"), <Gives key="gives" link={link} />],
          [t("links.uses"), `${link.uses}/${link.maxUses ?? "∞"}`],
          [t("links.expires"), <Instant key="expires" at={link.expiresAt} />],
          [t("links.bound"), link.email ?? (link.allowedDomains.join(", ") || t("links.anybody"))],
          [t("links.approval"), link.needsApproval ? t("shared.yes") : t("shared.no")],
          [t("links.resetAt"), <Instant key="reset" at={link.resetAt} />],
        ]}
      />
      {problem && <ProblemNotice problem={problem} />}
      {url !== undefined && <CopyUrl url={url} />}
      {asked ? (
        <Group>
          <Text>{t("links.disableMeans")}</Text>
          <ActButton
            operation="links.disable"
            color="red"
            loading={disable.isPending}
            onClick={() => disable.mutate({ params }, { onSuccess: () => setAsked(false) })}
          >
            {t("links.disableNow")}
          </ActButton>
        </Group>
      ) : (
        link.state !== "disabled" && (
          <Group>
            <ActButton
              operation="links.reset"
              loading={reset.isPending}
              onClick={() => reset.mutate({ params }, { onSuccess: (answer) => setUrl(answer.url) })}
            >
              {t("links.reset")}
            </ActButton>
            <ActButton operation="links.disable" variant="default" onClick={() => setAsked(true)}>
              {t("links.disable")}
            </ActButton>
          </Group>
        )
      )}
      <Text c="dimmed">{t("links.resetMeans")}</Text>
      <Uses id={link.id} />
    </Stack>
  );
}

function Uses({ id }: { id: string }) {
  const { t } = useTexts();
  const found = useApi("links.uses", { params: { id }, query: { limit: 200 } });
  const rows = found.data?.data ?? [];
  return (
    <>
      <Title order={2}>{t("links.usedBy")}</Title>
      {found.error && <ProblemNotice problem={found.error} />}
      {found.data && rows.length === 0 && <Text c="dimmed">{t("links.unused")}</Text>}
      {rows.length > 0 && (
        <Table>
          <Table.Tbody>
            {rows.map(({ email, usedAt }) => (
              <Table.Tr key={email}>
                <Table.Td>{email}</Table.Td>
                <Table.Td>
                  <Instant at={usedAt} />
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      )}
    </>
  );
}
