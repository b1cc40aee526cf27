import { Anchor, Group, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { Link } from "react-router";
import type { Answer } from "../../api/call.ts";
import { useApi } from "../../api/use-api.ts";
import { Instant } from "../../parts/instant.tsx";
import { OneDrawer } from "../../parts/one-drawer.tsx";
import { useTexts } from "../../texts/texts.ts";
import { Facts } from "../invite/facts.tsx";
import { DeliveryChip, InvitationChip, offersOf } from "./invitation-chips.tsx";
import { InvitationVerbs } from "./invitation-verbs.tsx";

/** One invitation: what it offers, what became of its mail, and what can be done with it. */
export function InvitationDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTexts();
  const found = useApi("invitations.get", { params: { id } }, { enabled: id !== "" });
  return (
    <OneDrawer id={id} found={found} title={t("invitations.title")} titleOf={(one) => one.email} onClose={onClose}>
      {(invitation) => <Shown key={invitation.id} invitation={invitation} />}
    </OneDrawer>
  );
}

function Shown({ invitation }: { invitation: Answer<"invitations.get"> }) {
  const { t } = useTexts();
  const { user, spaces } = invitation;
  return (
    <Stack>
      <Group gap="sm">
        <InvitationChip state={invitation.state} />
        <DeliveryChip delivery={invitation.delivery} />
      </Group>
      {invitation.review !== null && <Text>{t("invitations.why", { why: invitation.review })}</Text>}
      <Facts
        rows={[
          [
            t("invitations.user"),
            user ? (
              <Anchor component={Link} key="user" to={`/users/${user.id}`}>
                {user.userName}
              </Anchor>
            ) : (
              t("shared.nobody")
            ),
          ],
          [t("invitations.offers"), offersOf(invitation) || t("shared.none")],
          ...spaces.map(({ product, space, expiresAt }): [string, ReactNode] => [
            t("invitations.stay", { space: `${product}/${space}` }),
            <Instant key="stay" at={expiresAt} />,
          ]),
          [t("invitations.sent"), <Instant key="sent" at={invitation.sentAt} />],
          [t("invitations.expires"), <Instant key="expires" at={invitation.expiresAt} />],
          [t("invitations.accepted"), <Instant key="accepted" at={invitation.acceptedAt} />],
          [t("invitations.renewal"), <Instant key="renewal" at={invitation.renewalAskedAt} />],
          [t("invitations.message"), invitation.message ?? t("shared.none")],
        ]}
      />
      <InvitationVerbs invitation={invitation} />
    </Stack>
  );
}
