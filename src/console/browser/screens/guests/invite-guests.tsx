import { useNavigate } from "react-router";
import { ActButton } from "../../parts/act-button.tsx";
import { useTexts } from "../../texts/texts.ts";

/** To the invite form. */
export function InviteGuests() {
  const { t } = useTexts();
  const navigate = useNavigate();
  return (
    <ActButton operation="invitations.create" onClick={() => void navigate("/invitations?invite=people")}>
      {t("guests.invite")}
    </ActButton>
  );
}
