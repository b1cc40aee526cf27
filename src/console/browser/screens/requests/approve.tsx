import { Button, Group, Stack, Text } from "@mantine/core";
import { useState } from "react";
import type { Answer } from "../../api/call.ts";
import { useChange } from "../../api/use-api.ts";
import { ActButton, useWhyNot } from "../../parts/act-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useTrial } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { Moved } from "../invite/seat-table.tsx";
import { bodyOf, lacksSpace, NO_WISH, type WishForm } from "../invite/wish.ts";
import { WishFields } from "../invite/wish-fields.tsx";

/** Letting somebody in, with what they asked for or with something else; what it takes stands there before. */
export function Approve({ request }: { request: Answer<"requests.get"> }) {
  const { t } = useTexts();
  const approve = useChange("requests.approve");
  const [other, setOther] = useState(false);
  const [wish, setWish] = useState<WishForm>(NO_WISH);
  const asked = { params: { id: request.id }, body: other ? bodyOf(wish) : {} };
  const may = useWhyNot("requests.approve") === null;
  const enabled = may && !(other && lacksSpace(wish));
  const { trial, problem: refusal } = useTrial("requests.approve", asked, { enabled, settle: 300 });
  const problem = approve.error ?? refusal;
  return (
    <Stack gap="sm">
      {problem && <ProblemNotice problem={problem} />}
      {other && <WishFields wish={wish} onChange={setWish} />}
      {trial?.impact.seats.map(({ site, product, before, after }) =>
        before && after ? (
          <Group key={`${site}/${product}`} gap="sm">
            <Text>{product}</Text>
            <Text c="dimmed">{t("invite.seats")}</Text>
            <Moved before={before} after={after} of="seats" />
            <Text c="dimmed">{t("invite.slots")}</Text>
            <Moved before={before} after={after} of="guests" />
          </Group>
        ) : null,
      )}
      {trial && <Text c="dimmed">{t("invite.mails", { n: trial.impact.mails.total })}</Text>}
      <Group>
        <ActButton
          operation="requests.approve"
          loading={approve.isPending}
          disabled={other && lacksSpace(wish)}
          onClick={() => approve.mutate(asked)}
        >
          {other ? t("requests.approveOther") : t("requests.approveAsked")}
        </ActButton>
        <Button variant="default" aria-expanded={other} onClick={() => setOther(!other)}>
          {other ? t("requests.asAsked") : t("requests.withChanges")}
        </Button>
      </Group>
    </Stack>
  );
}
