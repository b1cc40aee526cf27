import { Alert, Code, List, Text, Title } from "@mantine/core";
import type { Row } from "../../api/call.ts";
import { Facts } from "../../parts/facts.tsx";
import { Instant } from "../../parts/instant.tsx";
import { Side } from "../../parts/side.tsx";
import { useTexts } from "../../texts/texts.ts";

/** One request: what it changed, what was odd about it, and its body as it is kept, secrets masked. */
export function RequestDrawer({
  request,
  onClose,
}: {
  request: Row<"directories.scimRequests"> | undefined;
  onClose: () => void;
}) {
  const { t } = useTexts();
  if (request === undefined) return null;
  const { method, path, query, status, detail, warnings, changes } = request;
  return (
    <Side opened onClose={onClose} title={`${method} ${path}`}>
      {detail !== null && (
        <Alert color={status < 400 ? "blue" : "red"} title={String(status)}>
          {detail}
        </Alert>
      )}
      <Facts
        rows={[
          [t("scim.status"), String(status)],
          [t("scim.at"), <Instant key="at" at={request.at} />],
          [t("scim.duration"), `${Math.round(request.duration)} ms`],
          ...(query === null ? [] : [[t("scim.query"), query] as const]),
          [t("scim.userAgent"), request.userAgent ?? t("shared.unknown")],
          [t("scim.token"), request.token ?? t("shared.none")],
          [t("scim.requestId"), request.requestId ?? t("shared.none")],
          ...(request.skipped > 0 ? [[t("scim.skipped"), String(request.skipped)] as const] : []),
        ]}
      />
      {warnings.length > 0 && (
        <>
          <Title order={3}>{t("scim.warnings")}</Title>
          <List size="sm">
            {warnings.map(({ name, at, times }) => (
              <List.Item key={name}>
                {name} {at.join(", ")} {times > 1 && `× ${times}`}
              </List.Item>
            ))}
          </List>
        </>
      )}
      {changes.length > 0 && (
        <>
          <Title order={3}>{t("scim.changes")}</Title>
          <List size="sm">
            {changes.map((one) => (
              <List.Item key={JSON.stringify(one)}>
                {[one.kind, one.did, one.attributes?.join(", "), one.id].filter(Boolean).join(" · ")}
              </List.Item>
            ))}
          </List>
        </>
      )}
      <Title order={3}>{t("scim.body")}</Title>
      {request.request === null || request.request === undefined ? (
        <Text c="dimmed">{t("scim.noBody")}</Text>
      ) : (
        <Code block tabIndex={0} fz="sm">
          {JSON.stringify(request.request, null, 2)}
        </Code>
      )}
      {request.cut && <Text c="dimmed">{t("scim.cut")}</Text>}
    </Side>
  );
}
