import { Group, Select, Stack, TextInput } from "@mantine/core";
import { notifications } from "@mantine/notifications";
import { useState } from "react";
import type { Answer } from "../../api/call.ts";
import { useApi, useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { inFilter } from "../../parts/address-state.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { endOfDay } from "../invite/wish.ts";

type Invitation = Answer<"invitations.get">;

/** What can be done with an invitation in its state. */
export function InvitationVerbs({ invitation }: { invitation: Invitation }) {
  const { t } = useTexts();
  const act = useAct();
  const params = { id: invitation.id };
  const open = ["pending", "expired"].includes(invitation.state);
  if (invitation.state === "needs-review")
    return (
      <>
        <Approve invitation={invitation} />
        <Revoke invitation={invitation} />
      </>
    );
  if (!open) return null;
  return (
    <Stack>
      <Group gap="sm">
        <ActButton
          operation="invitations.resend"
          onClick={() => void act("invitations.resend", { params }, t("invitations.resent"))}
        >
          {t("invitations.resend")}
        </ActButton>
        <CopyLink invitation={invitation} />
        <Revoke invitation={invitation} />
      </Group>
      <Extend invitation={invitation} />
      <Correct invitation={invitation} />
    </Stack>
  );
}

function CopyLink({ invitation }: { invitation: Invitation }) {
  const { t } = useTexts();
  const [link, setLink] = useState<string>();
  const change = useChange("invitations.copyLink");
  const copy = (): void =>
    change.mutate(
      { params: { id: invitation.id } },
      {
        onSuccess: ({ link }) => {
          setLink(link);
          navigator.clipboard.writeText(link).then(
            () =>
              notifications.show({
                message: t("shared.copied"),
                closeButtonProps: { "aria-label": t("shared.close") },
              }),
            // The link stands in the field to be copied by hand.
            () => {},
          );
        },
      },
    );
  return (
    <>
      <ActButton operation="invitations.copyLink" variant="default" loading={change.isPending} onClick={copy}>
        {t("invitations.copyLink")}
      </ActButton>
      {change.error && <ProblemNotice problem={change.error} />}
      {link !== undefined && (
        <TextInput
          label={t("invitations.link")}
          description={t("invitations.linkMeans")}
          readOnly
          value={link}
          w="100%"
        />
      )}
    </>
  );
}

function Revoke({ invitation }: { invitation: Invitation }) {
  const { t } = useTexts();
  const act = useAct();
  return (
    <ActButton
      operation="invitations.revoke"
      variant="default"
      onClick={() => void act("invitations.revoke", { params: { id: invitation.id } }, t("invitations.revokedNow"))}
    >
      {t("invitations.revoke")}
    </ActButton>
  );
}

function Extend({ invitation }: { invitation: Invitation }) {
  const { t } = useTexts();
  const [day, setDay] = useState(invitation.expiresAt?.slice(0, 10) ?? "");
  const change = useChange("invitations.extend");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ params: { id: invitation.id }, body: { expiresAt: endOfDay(day) } });
      }}
    >
      <Group align="end" gap="sm">
        <TextInput
          type="date"
          label={t("invitations.extendTo")}
          value={day}
          onChange={(event) => setDay(event.currentTarget.value)}
          error={change.error?.message}
          required
          withAsterisk={false}
          flex={1}
        />
        <ActButton operation="invitations.extend" type="submit" variant="default" loading={change.isPending}>
          {t("invitations.extend")}
        </ActButton>
      </Group>
    </form>
  );
}

function Correct({ invitation }: { invitation: Invitation }) {
  const { t } = useTexts();
  const [email, setEmail] = useState(invitation.email);
  const change = useChange("invitations.correct");
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ params: { id: invitation.id }, body: { email } });
      }}
    >
      <Group align="end" gap="sm">
        <TextInput
          label={t("invitations.correctTo")}
          description={t("invitations.correctMeans")}
          value={email}
          onChange={(event) => setEmail(event.currentTarget.value)}
          error={change.error?.message}
          required
          withAsterisk={false}
          flex={1}
        />
        <ActButton operation="invitations.correct" type="submit" variant="default" loading={change.isPending}>
          {t("invitations.correct")}
        </ActButton>
      </Group>
    </form>
  );
}

function Approve({ invitation }: { invitation: Invitation }) {
  const { t } = useTexts();
  const [user, setUser] = useState<string | null>(invitation.user?.id ?? null);
  const change = useChange("invitations.approve");
  const query = { filter: `email eq ${inFilter(invitation.email)} or userName eq ${inFilter(invitation.email)}` };
  const people = useApi("users.list", { query });
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ params: { id: invitation.id }, body: user === null ? {} : { user } });
      }}
    >
      <Group align="end" gap="sm">
        <Select
          label={t("invitations.whom")}
          data={(people.data?.data ?? []).map(({ id, userName }) => ({ value: id, label: userName }))}
          value={user}
          onChange={setUser}
          error={change.error?.message}
          clearable
          flex={1}
        />
        <ActButton operation="invitations.approve" type="submit" loading={change.isPending}>
          {t("invitations.approve")}
        </ActButton>
      </Group>
    </form>
  );
}
