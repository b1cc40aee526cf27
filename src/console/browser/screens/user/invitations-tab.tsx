import { Stack, Text, Title } from "@mantine/core";
import { Link } from "react-router";
import type { Row } from "../../api/call.ts";
import type { User } from "../../api/operations.gen.ts";
import { useApi } from "../../api/use-api.ts";
import { inFilter, useAddressState } from "../../parts/address-state.ts";
import { Chip } from "../../parts/chip.tsx";
import { EmptyState } from "../../parts/empty-state.tsx";
import { Instant } from "../../parts/instant.tsx";
import { type Column, List } from "../../parts/list.tsx";
import { MEANINGS } from "../../parts/meanings.ts";
import { useTexts } from "../../texts/texts.ts";

type Invitation = Row<"invitations.list">;

/** Every invitation of a person, and the mails that went to them with what the mail server said. */
export function InvitationsTab({ user }: { user: User }) {
  const { t, word } = useTexts();
  const { get } = useAddressState();
  const query = {
    filter: `user eq ${inFilter(user.id)}`,
    ...(get("cursor") !== "" && { cursor: get("cursor") }),
  };
  const found = useApi("invitations.list", { query }, { keep: true });
  const columns: Column<Invitation>[] = [
    {
      id: "email",
      header: t("users.email"),
      cell: (one) => <Link to={`/invitations?open=${one.id}`}>{one.email}</Link>,
    },
    {
      id: "state",
      header: t("users.status"),
      cell: (one) => <Chip meaning={MEANINGS.invitation[one.state]} label={word("user", `invitation-${one.state}`)} />,
    },
    {
      id: "delivery",
      header: t("user.delivery"),
      cell: (one) => (
        <Chip meaning={MEANINGS.delivery[one.delivery]} label={word("user", `delivery-${one.delivery}`)} />
      ),
    },
    { id: "sentAt", header: t("user.sent"), cell: (one) => <Instant at={one.sentAt} /> },
    { id: "sentCount", header: t("user.sentCount"), kind: "number", cell: (one) => one.sentCount },
    { id: "expiresAt", header: t("users.expires"), cell: (one) => <Instant at={one.expiresAt} none="–" /> },
    { id: "acceptedAt", header: t("users.came"), cell: (one) => <Instant at={one.acceptedAt} none="–" /> },
  ];
  return (
    <Stack>
      <List
        caption={t("user.tab-invitations")}
        columns={columns}
        found={found}
        idOf={(one) => one.id}
        nameOf={(one) => one.email}
        empty={<EmptyState text={t("user.noInvitations")} />}
      />
      <Mails user={user} />
    </Stack>
  );
}

function Mails({ user }: { user: User }) {
  const { t, word } = useTexts();
  const found = useApi("mails.list", { query: { user: user.id, limit: 20 } });
  const mails = found.data?.data ?? [];
  if (mails.length === 0) return null;
  return (
    <section>
      <Title order={2} size="h3" mb="xs">
        {t("user.mails")}
      </Title>
      <div className="table-part">
        <table className="table">
          <caption className="visually-hidden">{t("user.mails")}</caption>
          <thead>
            <tr>
              <th scope="col">{t("user.mailKind")}</th>
              <th scope="col">{t("user.recipient")}</th>
              <th scope="col">{t("user.delivery")}</th>
              <th scope="col">{t("user.sent")}</th>
            </tr>
          </thead>
          <tbody>
            {mails.map((mail) => (
              <tr key={mail.id}>
                <td>
                  <Link to={`/mail?open=${mail.id}`}>{mail.kind}</Link>
                </td>
                <td>{mail.recipient}</td>
                <td>
                  <Chip meaning={MEANINGS.mail[mail.state]} label={word("user", `delivery-${mail.state}`)} />
                  {mail.lastReply && <Text c="dimmed">{mail.lastReply}</Text>}
                </td>
                <td>
                  <Instant at={mail.sentAt} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
