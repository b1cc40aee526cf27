import { Group, Select, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import type { Row } from "../../api/call.ts";
import { useChange } from "../../api/use-api.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { faultAt } from "../../parts/fault-at.ts";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { Side } from "../../parts/side.tsx";
import { useTexts } from "../../texts/texts.ts";

/** A product on a site. How many seats it has is said once it is there. */
export function NewProduct({
  opened,
  sites,
  onClose,
  onMade,
}: {
  opened: boolean;
  sites: readonly Row<"sites.list">[];
  onClose: () => void;
  onMade: (product: Row<"products.list">) => void;
}) {
  const { t } = useTexts();
  const [key, setKey] = useState("");
  const [name, setName] = useState("");
  const [site, setSite] = useState<string | null>(null);
  const [hasGuests, setHasGuests] = useState(false);
  const making = useChange("products.create");
  const where = site ?? sites[0]?.key ?? null;
  const make = (): void =>
    making.mutate(
      { body: { key, hasGuests, ...(name !== "" && { name }), ...(where !== null && { site: where }) } },
      {
        onSuccess: onMade,
      },
    );
  return (
    <Side opened={opened} onClose={onClose} title={t("products.add")}>
      <TextInput
        label={t("products.key")}
        description={t("products.keyHow")}
        required
        data-autofocus
        value={key}
        error={faultAt(making.error, "/key")}
        onChange={(event) => setKey(event.currentTarget.value)}
      />
      <TextInput label={t("products.name")} value={name} onChange={(event) => setName(event.currentTarget.value)} />
      <Select
        label={t("products.site")}
        data={sites.map(({ key: value, name: label }) => ({ value, label }))}
        value={where}
        allowDeselect={false}
        onChange={setSite}
      />
      <Switch
        label={t("products.hasGuests")}
        checked={hasGuests}
        onChange={(event) => setHasGuests(event.currentTarget.checked)}
      />
      {making.error && <ProblemNotice problem={making.error} />}
      <Group>
        <ActButton operation="products.create" loading={making.isPending} onClick={make}>
          {t("shared.create")}
        </ActButton>
      </Group>
    </Side>
  );
}
