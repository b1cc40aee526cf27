import type { User } from "../../api/operations.gen.ts";
import { useOpened } from "../../parts/address-state.ts";
import { ChangeAddress } from "./change-address.tsx";
import { EditPerson } from "./edit-person.tsx";
import { EndAccess, type Ending } from "./end-access.tsx";
import { MergePerson } from "./merge-person.tsx";
import { OffBoard } from "./off-board.tsx";
import { WrongAddress } from "./wrong-address.tsx";

const ENDINGS: readonly Ending[] = ["suspend", "deactivate", "revoke-access", "remove", "erase"];

/** What `?do=` in the address asks for. */
export function UserDialogs({ user }: { user: User }) {
  const { opened, close } = useOpened("do");
  const ending = ENDINGS.find((one) => one === opened);
  if (ending) return <EndAccess key={ending} user={user} ending={ending} close={close} />;
  switch (opened) {
    case "edit":
      return <EditPerson user={user} close={close} />;
    case "change-address":
      return <ChangeAddress user={user} close={close} />;
    case "wrong-address":
      return <WrongAddress user={user} close={close} />;
    case "merge":
      return <MergePerson user={user} close={close} />;
    case "off-board":
      return <OffBoard user={user} close={close} />;
    default:
      return null;
  }
}
