import { Badge, type MantineColor, Tooltip } from "@mantine/core";
import {
  IconCircleCheck,
  IconCircleDashed,
  IconCircleOff,
  IconClockHour4,
  IconMail,
  IconPlayerPause,
  type IconProps,
} from "@tabler/icons-react";
import type { ComponentType } from "react";
import type { User } from "../api/operations.gen.ts";
import { useTexts } from "../texts/texts.ts";
import { MEANINGS, type Meaning } from "./meanings.ts";

type Look = { color: MantineColor; icon: ComponentType<IconProps> };

const LOOKS: Readonly<Record<Meaning, Look>> = {
  good: { color: "green", icon: IconCircleCheck },
  waiting: { color: "blue", icon: IconClockHour4 },
  attention: { color: "yellow", icon: IconPlayerPause },
  bad: { color: "red", icon: IconCircleOff },
  neutral: { color: "gray", icon: IconCircleDashed },
};

/** A word with an icon: never colour alone. @param means what the word means, shown to pointer and keyboard. */
export function Chip({
  meaning,
  label,
  means,
  icon,
}: {
  meaning: Meaning;
  label: string;
  means?: string;
  icon?: Look["icon"];
}) {
  const { color, icon: own } = LOOKS[meaning];
  const Icon = icon ?? own;
  const badge = (
    <Badge
      variant="default"
      radius="sm"
      tt="none"
      fw={500}
      size="lg"
      miw="max-content"
      leftSection={<Icon size={16} color={`var(--mantine-color-${color}-text)`} aria-hidden />}
      {...(means !== undefined && { tabIndex: 0 })}
    >
      {label}
    </Badge>
  );
  return means === undefined ? badge : <Tooltip label={means}>{badge}</Tooltip>;
}

/** The status of a person (R74 to R88). */
export function StatusChip({ status }: { status: User["status"] }) {
  const { t, word } = useTexts();
  const icon = status === "invited" || status === "invited-not-sent" ? { icon: IconMail } : {};
  return (
    <Chip
      meaning={MEANINGS.status[status]}
      {...icon}
      label={word("status", status)}
      means={t(`status.${status}Means`)}
    />
  );
}
