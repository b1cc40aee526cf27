import { Anchor, Checkbox, Group, Stack, Text, Textarea, TextInput, Title } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import type { Answer } from "../../api/call.ts";
import { useApi, useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { Instant } from "../../parts/instant.tsx";
import { OneDrawer } from "../../parts/one-drawer.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { Facts } from "../invite/facts.tsx";
import { endOfDay } from "../invite/wish.ts";
import { Approve } from "./approve.tsx";
import { RequestChip, Wants } from "./request-chip.tsx";

type Request = Answer<"requests.get">;

/** One request, what letting in would take, and the decision. */
export function RequestDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTexts();
  const found = useApi("requests.get", { params: { id } }, { enabled: id !== "" });
  return (
    <OneDrawer id={id} found={found} title={t("requests.title")} titleOf={(one) => one.email} onClose={onClose}>
      {(request) => <Shown key={request.id} request={request} />}
    </OneDrawer>
  );
}

function Shown({ request }: { request: Request }) {
  const { t } = useTexts();
  const act = useAct();
  return (
    <Stack>
      <Group>
        <RequestChip request={request} />
      </Group>
      <Facts
        rows={[
          [t("requests.name"), request.name ?? "–"],
          [t("requests.wants"), <Wants key="wants" request={request} />],
          [t("requests.message"), request.message ?? "–"],
          [t("requests.source"), t(`requests.source-${request.source}`)],
          [t("requests.age"), <Instant key="age" at={request.createdAt} />],
          [t("requests.decided"), <Instant key="decided" at={request.decidedAt} />],
          ...(request.answer === null ? [] : [[t("requests.answer"), request.answer] as const]),
          ...(request.invitation === null
            ? []
            : [
                [
                  t("requests.invitation"),
                  <Anchor component={Link} key="invitation" to={`/invitations?open=${request.invitation}`}>
                    {t("requests.show")}
                  </Anchor>,
                ] as const,
              ]),
        ]}
      />
      {request.state === "open" && (
        <>
          <Title order={2}>{t("requests.approve")}</Title>
          <Approve request={request} />
          <Title order={2}>{t("requests.deny")}</Title>
          <Deny request={request} />
          <Snooze request={request} />
        </>
      )}
      {request.blocks && (
        <Group>
          <ActButton
            operation="requests.unblock"
            onClick={() => void act("requests.unblock", { params: { id: request.id } }, t("requests.unblocked"))}
          >
            {t("requests.unblock")}
          </ActButton>
        </Group>
      )}
    </Stack>
  );
}

function Deny({ request }: { request: Request }) {
  const { t } = useTexts();
  const deny = useChange("requests.deny");
  const [answer, setAnswer] = useState("");
  const [blocks, setBlocks] = useState(false);
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        deny.mutate({ params: { id: request.id }, body: { answer: answer === "" ? null : answer, blocks } });
      }}
    >
      <Stack gap="sm">
        <Textarea
          label={t("requests.answer")}
          description={t("requests.answerMeans")}
          maxLength={2_000}
          autosize
          value={answer}
          onChange={(event) => setAnswer(event.currentTarget.value)}
          error={deny.error?.message}
        />
        <Checkbox
          label={t("requests.block")}
          checked={blocks}
          onChange={(event) => setBlocks(event.currentTarget.checked)}
        />
        <Group>
          <ActButton operation="requests.deny" type="submit" variant="default" loading={deny.isPending}>
            {t("requests.denyNow")}
          </ActButton>
        </Group>
      </Stack>
    </form>
  );
}

function Snooze({ request }: { request: Request }) {
  const { t } = useTexts();
  const snooze = useChange("requests.snooze");
  const [day, setDay] = useState("");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        snooze.mutate({ params: { id: request.id }, body: { until: endOfDay(day) } });
      }}
    >
      <Group align="end" gap="sm">
        <TextInput
          type="date"
          label={t("requests.snoozeTo")}
          value={day}
          onChange={(event) => setDay(event.currentTarget.value)}
          error={snooze.error?.message}
          required
          withAsterisk={false}
          flex={1}
        />
        <ActButton operation="requests.snooze" type="submit" variant="default" loading={snooze.isPending}>
          {t("requests.snooze")}
        </ActButton>
      </Group>
      {request.snoozedUntil && (
        <Text c="dimmed">
          {t("requests.snoozed")}: <Instant at={request.snoozedUntil} />
        </Text>
      )}
    </form>
  );
}
