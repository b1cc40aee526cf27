import type { Row } from "../../api/call.ts";
import { Chip } from "../../parts/chip.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { useTexts } from "../../texts/texts.ts";

type Invitation = Row<"invitations.list">;

export function InvitationChip({ state }: Pick<Invitation, "state">) {
  const { t } = useTexts();
  return (
    <Chip
      meaning={MEANINGS.invitation[state]}
      label={t(`invitations.${state}`)}
      means={t(`invitations.${state}Means`)}
    />
  );
}

/** What became of the mail. "accepted" is the mail server's word; to people it was delivered. */
export function DeliveryChip({ delivery }: Pick<Invitation, "delivery">) {
  const { t } = useTexts();
  return <Chip meaning={MEANINGS.delivery[delivery]} label={t(`invitations.mail-${delivery}`)} />;
}

/** Groups and spaces by name. */
export function offersOf({ groups, spaces }: Pick<Invitation, "groups" | "spaces">): string {
  return [...groups.map(({ name }) => name), ...spaces.map(({ product, space }) => `${product}/${space}`)].join(", ");
}
