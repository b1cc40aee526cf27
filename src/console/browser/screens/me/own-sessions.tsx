import { Button, Group, Skeleton, Text, Title } from "@mantine/core";
import { session as own } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { Chip } from "../../parts/chip.tsx";
import { Instant } from "../../parts/instant.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Where one is signed in; each can be ended, and all at once. */
export function OwnSessions() {
  const { t, word } = useTexts();
  const act = useAct();
  const found = useApi("sessions.list", {});
  const endAll = async (): Promise<void> => {
    if ((await act("sessions.endAll", {}, t("me.allEnded"))) !== undefined) own.ended();
  };
  return (
    <section>
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h3">
          {t("me.sessions")}
        </Title>
        <Button variant="default" onClick={() => void endAll()}>
          {t("me.endAll")}
        </Button>
      </Group>
      {found.error && <ProblemNotice problem={found.error} onRetry={() => void found.refetch()} />}
      {!found.data && !found.error && <Skeleton height={96} />}
      {found.data && (
        <div className="table-part">
          <table className="table">
            <caption className="visually-hidden">{t("me.sessions")}</caption>
            <thead>
              <tr>
                <th scope="col">{t("me.address")}</th>
                <th scope="col">{t("me.how")}</th>
                <th scope="col">{t("me.begun")}</th>
                <th scope="col">{t("me.lastUsed")}</th>
                <th scope="col">{t("me.ends")}</th>
                <th scope="col">{t("shared.actions")}</th>
              </tr>
            </thead>
            <tbody>
              {found.data.data.map((session) => (
                <tr key={session.id}>
                  <td>{session.address ?? "–"}</td>
                  <td>{word("me", session.method)}</td>
                  <td>
                    <Instant at={session.createdAt} />
                  </td>
                  <td>
                    <Instant at={session.lastUsedAt} />
                  </td>
                  <td>
                    <Instant at={session.expiresAt} />
                  </td>
                  <td>
                    {session.current ? (
                      <Chip meaning="good" label={t("me.thisOne")} />
                    ) : (
                      <Button
                        variant="default"
                        onClick={() => void act("sessions.end", { params: { id: session.id } }, t("me.sessionEnded"))}
                      >
                        {t("me.end")}
                      </Button>
                    )}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
      {found.data?.data.length === 0 && <Text c="dimmed">{t("shared.none")}</Text>}
    </section>
  );
}
