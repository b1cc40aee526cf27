import { Alert, List, Stack, Text } from "@mantine/core";
import { IconAlertTriangle } from "@tabler/icons-react";
import type { Consequences } from "../../api/operations.gen.ts";
import { useStanding } from "../../parts/impact-view.tsx";
import { PlainTable } from "../../parts/plain-table.tsx";
import { useTexts } from "../../texts/texts.ts";

/** Whose canonical record, roles and seats a change of the directories touches. */
export function ConsequencesView({ consequences }: { consequences: Consequences }) {
  const { t } = useTexts();
  const standing = useStanding();
  const { canonical, roles, products, administrators, deactivated, parked } = consequences;
  const nobody = canonical.total === 0 && roles.total === 0 && administrators.total === 0;
  return (
    <Stack gap="sm" role="status">
      {consequences.locksOutCaller && (
        <Alert color="red" icon={<IconAlertTriangle size={20} />}>
          {t("directories.locksOut")}
        </Alert>
      )}
      {nobody && <Text>{t("directories.nobodyTouched")}</Text>}
      <List size="sm">
        {canonical.total > 0 && <List.Item>{t("directories.canonicalTotal", { n: canonical.total })}</List.Item>}
        {deactivated > 0 && <List.Item>{t("directories.deactivatedTotal", { n: deactivated })}</List.Item>}
        {parked > 0 && <List.Item>{t("directories.parkedTotal", { n: parked })}</List.Item>}
        {roles.total > 0 && <List.Item>{t("directories.rolesTotal", { n: roles.total })}</List.Item>}
        {administrators.total > 0 && (
          <List.Item>{t("directories.administratorsTotal", { n: administrators.total })}</List.Item>
        )}
        {products.map(({ site, product, seats, guestSlots }) => (
          <List.Item key={`${site}/${product}`}>
            {t("directories.seatsMove", {
              product,
              seats: signed(seats.gained - seats.lost),
              slots: signed(guestSlots.gained - guestSlots.lost),
            })}
          </List.Item>
        ))}
      </List>
      {canonical.named.length > 0 && (
        <PlainTable
          caption={t("directories.canonical")}
          heads={[
            t("directories.person"),
            t("directories.recordFrom"),
            t("directories.recordTo"),
            t("directories.after"),
          ]}
        >
          {canonical.named.map(({ user, from, to, deactivated: ended, parked: waits }) => (
            <tr key={user.id}>
              <td>{user.userName}</td>
              <td>{from ?? "–"}</td>
              <td>{to ?? "–"}</td>
              <td>
                {[ended && t("status.deactivated"), waits && t("directories.waitsForConfirmation")]
                  .filter(Boolean)
                  .join(", ")}
              </td>
            </tr>
          ))}
        </PlainTable>
      )}
      {roles.named.length > 0 && (
        <PlainTable
          caption={t("directories.roles")}
          heads={[t("directories.person"), t("directories.product"), t("directories.now"), t("directories.after")]}
        >
          {roles.named.map(({ user, site, product, from, to }) => (
            <tr key={`${user.id} ${site}/${product}`}>
              <td>{user.userName}</td>
              <td>{product}</td>
              <td>{standing(from)}</td>
              <td>{standing(to)}</td>
            </tr>
          ))}
        </PlainTable>
      )}
    </Stack>
  );
}

function signed(n: number): string {
  return n > 0 ? `+${n}` : n < 0 ? `−${-n}` : "±0";
}
