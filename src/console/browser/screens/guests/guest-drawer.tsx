import { Anchor, Group, Stack, TextInput } from "@mantine/core";
import { useState } from "react";
import { Link } from "react-router";
import { type Answer, call } from "../../api/call.ts";
import { useApi, useChange } from "../../api/use-api.ts";
import { ActButton, useWhyNot } from "../../parts/act-button.tsx";
import { Instant } from "../../parts/instant.tsx";
import { OneDrawer } from "../../parts/one-drawer.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { useTexts } from "../../texts/texts.ts";
import { Facts } from "../invite/facts.tsx";
import { PermissionSelect } from "../invite/product-choice.tsx";
import { endOfDay } from "../invite/wish.ts";
import { ConvertGuest } from "./convert-guest.tsx";
import { SlotChip } from "./slot-chip.tsx";

type Guest = Answer<"guests.get">;

/** One guest's space and what can be done about it. */
export function GuestDrawer({ id, onClose }: { id: string; onClose: () => void }) {
  const { t } = useTexts();
  const found = useApi("guests.get", { params: { id } }, { enabled: id !== "" });
  return (
    <OneDrawer id={id} found={found} title={t("guests.title")} titleOf={(one) => one.user.userName} onClose={onClose}>
      {(guest) => <Shown key={`${guest.id}${guest.expiresAt}`} guest={guest} onClose={onClose} />}
    </OneDrawer>
  );
}

function Shown({ guest, onClose }: { guest: Guest; onClose: () => void }) {
  const { t } = useTexts();
  const act = useAct();
  const why = useWhyNot("guests.update");
  const params = { id: guest.id };
  const remove = async (): Promise<void> => {
    const { user, site, product, space, permission, expiresAt, sponsor } = guest;
    const back = { user: user.id, site, product, space, permission, expiresAt, sponsor: sponsor?.id ?? null };
    const answer = await act("guests.remove", { params }, t("guests.removed"), () =>
      call("guests.assign", { body: back }),
    );
    if (answer !== undefined) onClose();
  };
  return (
    <Stack>
      <Group>
        <SlotChip guest={guest} />
      </Group>
      <Facts
        rows={[
          [
            t("guests.user"),
            <Anchor component={Link} key="user" to={`/users/${guest.user.id}`}>
              {guest.user.userName}
            </Anchor>,
          ],
          [t("guests.space"), `${guest.product}/${guest.space}`],
          [t("guests.ends"), <Instant key="ends" at={guest.expiresAt} />],
          [t("guests.sponsor"), guest.sponsor?.userName ?? t("shared.nobody")],
          ...guest.clientLimits.map(({ client, limit }): [string, string] => [client, limit]),
        ]}
      />
      <Extend guest={guest} />
      {why === null && (
        <PermissionSelect
          value={guest.permission}
          onChange={(permission) =>
            void act("guests.update", { params, body: { permission } }, t("guests.changed"), () =>
              call("guests.update", { params, body: { permission: guest.permission } }),
            )
          }
        />
      )}
      <ConvertGuest guest={guest} onDone={onClose} />
      <Group>
        <ActButton operation="guests.remove" variant="default" onClick={() => void remove()}>
          {t("guests.remove")}
        </ActButton>
      </Group>
    </Stack>
  );
}

function Extend({ guest }: { guest: Guest }) {
  const { t } = useTexts();
  const [day, setDay] = useState(guest.expiresAt?.slice(0, 10) ?? "");
  const act = useAct();
  const change = useChange("guests.extend");
  const params = { id: guest.id };
  const set = (expiresAt: string | null): void =>
    void act("guests.extend", { params, body: { expiresAt } }, t("guests.extended"), () =>
      call("guests.extend", { params, body: { expiresAt: guest.expiresAt } }),
    );
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        change.mutate({ params, body: { expiresAt: day === "" ? null : endOfDay(day) } });
      }}
    >
      <Group align="end" gap="sm">
        <TextInput
          type="date"
          label={t("guests.extendTo")}
          value={day}
          onChange={(event) => setDay(event.currentTarget.value)}
          error={change.error?.message}
          flex={1}
        />
        <ActButton operation="guests.extend" type="submit" variant="default" loading={change.isPending}>
          {t("guests.extend")}
        </ActButton>
        <ActButton operation="guests.extend" onClick={() => set("P30D")}>
          {t("guests.extendMonth")}
        </ActButton>
      </Group>
    </form>
  );
}
