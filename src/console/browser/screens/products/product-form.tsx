import { Group, NumberInput, Select, Stack, Switch, TextInput } from "@mantine/core";
import { useState } from "react";
import { call, type Row } from "../../api/call.ts";
import { GUEST_BASES, SEAT_ENFORCEMENTS } from "../../api/operations.gen.ts";
import { ActButton } from "../../parts/act-button.tsx";
import { faultAt } from "../../parts/fault-at.ts";
import { ImpactView } from "../../parts/impact-view.tsx";
import { ProblemNotice } from "../../parts/problem-notice.tsx";
import { useAct } from "../../parts/use-act.tsx";
import { usePreview } from "../../parts/use-trial.ts";
import { useTexts } from "../../texts/texts.ts";

type Product = Row<"products.list">;

/** A product's name, seats and guest slots. What other numbers do to people is looked at before they are saved. */
export function ProductForm({ product }: { product: Product }) {
  const { t, word } = useTexts();
  const act = useAct();
  const preview = usePreview("products.update");
  const [form, setForm] = useState(product);
  const set = (change: Partial<Product>): void => {
    setForm({ ...form, ...change });
    preview.clear();
  };
  const bodyOf = ({ id: _, key: __, site: ___, ...body }: Product) => body;
  const asked = (from: Product) => ({
    params: { key: product.key },
    query: { site: product.site },
    body: bodyOf(from),
  });
  const save = (): void =>
    void act("products.update", asked(form), t("products.saved"), () => call("products.update", asked(product)));
  const choice = <Word extends string>(
    label: string,
    words: readonly Word[],
    value: Word,
    onChange: (word: Word) => void,
  ) => (
    <Select
      label={label}
      data={words.map((one) => ({ value: one, label: word("products", one) }))}
      value={value}
      allowDeselect={false}
      onChange={(picked) => onChange(words.find((one) => one === picked) ?? value)}
    />
  );
  return (
    <Stack gap="md">
      <TextInput
        label={t("products.name")}
        value={form.name}
        error={faultAt(preview.problem, "/name")}
        onChange={(event) => set({ name: event.currentTarget.value })}
      />
      <TextInput
        label={t("products.url")}
        description={t("products.urlHow")}
        value={form.url ?? ""}
        error={faultAt(preview.problem, "/url")}
        onChange={(event) => set({ url: event.currentTarget.value === "" ? null : event.currentTarget.value })}
      />
      <NumberInput
        label={t("products.seats")}
        description={t("products.seatsHow")}
        min={0}
        allowDecimal={false}
        value={form.seats ?? ""}
        onChange={(value) => set({ seats: value === "" ? null : Number(value) })}
      />
      {choice(t("products.whenFull"), SEAT_ENFORCEMENTS, form.seatEnforcement, (seatEnforcement) =>
        set({ seatEnforcement }),
      )}
      <Switch
        label={t("products.hasGuests")}
        checked={form.hasGuests}
        onChange={(event) => set({ hasGuests: event.currentTarget.checked })}
      />
      {form.hasGuests && (
        <>
          {choice(t("products.basis"), GUEST_BASES, form.guestBasis, (guestBasis) => set({ guestBasis }))}
          {form.guestBasis !== "unlimited" && (
            <NumberInput
              label={t(form.guestBasis === "fixed" ? "products.slotsInAll" : "products.ratio")}
              min={0}
              value={form.guestRatio}
              onChange={(value) => set({ guestRatio: Number(value) })}
            />
          )}
          {choice(t("products.whenGuestsFull"), SEAT_ENFORCEMENTS, form.guestEnforcement, (guestEnforcement) =>
            set({ guestEnforcement }),
          )}
        </>
      )}
      {preview.problem && <ProblemNotice problem={preview.problem} />}
      {preview.trial && <ImpactView impact={preview.trial.impact} />}
      <Group gap="sm">
        <ActButton operation="products.update" onClick={save}>
          {t("shared.save")}
        </ActButton>
        <ActButton
          operation="products.update"
          variant="default"
          loading={preview.busy}
          onClick={() => void preview.look(asked(form))}
        >
          {t("shared.preview")}
        </ActButton>
      </Group>
    </Stack>
  );
}
