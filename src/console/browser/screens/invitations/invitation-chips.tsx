import type { Row } from "../../api/call.ts";
import { Chip, type Meaning } from "../../parts/chip.tsx";
import { useTexts } from "../../texts/texts.ts";

type Invitation = Row<"invitations.list">;

export const OF_STATE: Readonly<Record<Invitation["state"], Meaning>> = {
  pending: "waiting",
  expired: "attention",
  accepted: "good",
  declined: "bad",
  revoked: "bad",
  superseded: "neutral",
  "needs-review": "attention",
};

export const OF_DELIVERY: Readonly<Record<Invitation["delivery"], Meaning>> = {
  "not-requested": "neutral",
  queued: "waiting",
  accepted: "good",
  deferred: "attention",
  bounced: "bad",
  failed: "bad",
  suppressed: "bad",
};

export const STATES = Object.keys(OF_STATE);
export const DELIVERIES = Object.keys(OF_DELIVERY);

export function InvitationChip({ state }: Pick<Invitation, "state">) {
  const { t } = useTexts();
  return <Chip meaning={OF_STATE[state]} label={t(`invitations.${state}`)} means={t(`invitations.${state}Means`)} />;
}

/** What became of the mail. "accepted" is the mail server's word; to people it was delivered. */
export function DeliveryChip({ delivery }: Pick<Invitation, "delivery">) {
  const { t } = useTexts();
  return <Chip meaning={OF_DELIVERY[delivery]} label={t(`invitations.mail-${delivery}`)} />;
}

/** Groups and spaces by name. */
export function offersOf({ groups, spaces }: Pick<Invitation, "groups" | "spaces">): string {
  return [...groups.map(({ name }) => name), ...spaces.map(({ product, space }) => `${product}/${space}`)].join(", ");
}
