import { Alert, Group, Text } from "@mantine/core";
import { type Answer, call } from "../../api/call.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";
import { Moved } from "../invite/seat-table.tsx";

type Props = { guest: Answer<"guests.get">; onDone: () => void };

/** A guest becomes a user: what that takes is shown before it is done, and it can be taken back (F21). */
export function ConvertGuest({ guest, onDone }: Props) {
  const { t } = useTexts();
  const act = useAct();
  const { trial, problem, look } = usePreview("guests.convert");
  const whom = { user: guest.user.id, site: guest.site, product: guest.product };
  const asked = { body: { ...whom, to: "user" as const } };
  const convert = async (): Promise<void> => {
    const { space, permission, expiresAt, sponsor } = guest;
    const back = { ...whom, to: "guest" as const, space, permission, expiresAt, sponsor: sponsor?.id ?? null };
    const answer = await act("guests.convert", asked, t("guests.converted"), () =>
      call("guests.convert", { body: back }),
    );
    if (answer !== undefined) onDone();
  };
  if (problem) return <ProblemNotice problem={problem} />;
  if (trial === undefined)
    return (
      <Group>
        <ActButton operation="guests.convert" variant="default" onClick={() => void look(asked)}>
          {t("guests.convert")}
        </ActButton>
      </Group>
    );
  const { before, after } = trial.result;
  return (
    <Alert color="gray" title={t("guests.convertMeans", { product: guest.product })}>
      <Text>{t("invite.seats")}</Text>
      <Moved before={before} after={after} of="seats" />
      <Text mt="sm">{t("invite.slots")}</Text>
      <Moved before={before} after={after} of="guests" />
      <ActButton operation="guests.convert" mt="md" onClick={() => void convert()}>
        {t("guests.convertNow")}
      </ActButton>
    </Alert>
  );
}
