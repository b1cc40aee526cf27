import { ACTORS, type ActorName } from "./actors.ts";

/**
 * THE TABLE: who may do what. Every operation of the API times every kind of caller: y: yes, for the whole organization; w: within what
 * the caller has a right for, and not beyond; -: no. It stands beside the tests and not in what is served, because it says
 * what the guards of the routes must come to, in other words than theirs; test/admin/matrix.test.ts asks every cell over HTTP
 * and fails for an operation that has no line. docs/rights.md shows it.
 */
const LINES = `
operation                       an sc pr ot re ba tr gm ua sa au oa bg
access.check                    -  -  w  -  -  -  -  -  w  w  -  y  y
administrators.list             -  -  -  -  y  -  -  -  -  w  y  y  y
audit.get                       -  -  -  -  y  -  -  -  -  -  y  y  y
audit.list                      -  -  -  -  y  -  -  -  -  -  y  y  y
audit.verify                    -  -  -  -  y  -  -  -  -  -  y  y  y
diagnostics.get                 -  -  -  -  y  -  -  -  -  -  y  y  y
directories.create              -  -  -  -  -  -  -  -  -  -  -  y  y
directories.createToken         -  -  -  -  -  -  -  -  -  -  -  y  y
directories.get                 -  -  -  -  y  -  -  -  -  -  y  y  y
directories.list                -  -  -  -  y  -  -  -  -  -  y  y  y
directories.order               -  -  -  -  -  -  -  -  -  -  -  y  y
directories.release             -  -  -  -  -  -  -  -  -  -  -  y  y
directories.removals            -  -  -  -  y  -  -  -  -  -  y  y  y
directories.remove              -  -  -  -  -  -  -  -  -  -  -  y  y
directories.scimRequests        -  -  -  -  y  -  -  -  -  -  y  y  y
directories.switch              -  -  -  -  -  -  -  -  -  -  -  y  y
directories.sync                -  -  -  -  -  -  -  -  -  -  -  y  y
directories.test                -  -  -  -  -  -  -  -  -  -  -  y  y
directories.testSettings        -  -  -  -  -  -  -  -  -  -  -  y  y
directories.tokens              -  -  -  -  y  -  -  -  -  -  y  y  y
directories.update              -  -  -  -  -  -  -  -  -  -  -  y  y
directories.writeTarget         -  -  -  -  y  -  -  -  -  -  y  y  y
events.kinds                    -  -  y  y  y  y  y  y  y  y  y  y  y
events.list                     -  -  w  -  y  -  -  -  w  w  y  y  y
exports.create                  -  -  -  -  -  -  -  -  -  -  -  y  y
exports.file                    -  -  -  -  -  -  -  -  -  -  -  y  y
exports.get                     -  -  -  -  -  -  -  -  -  -  -  y  y
exports.list                    -  -  -  -  -  -  -  -  -  -  -  y  y
exports.remove                  -  -  -  -  -  -  -  -  -  -  -  y  y
grants.confirm                  -  -  -  -  -  -  -  -  w  w  -  y  y
grants.create                   -  -  -  -  -  -  -  -  w  w  -  y  y
grants.delete                   -  -  -  -  -  -  -  -  w  w  -  y  y
grants.get                      -  -  -  -  y  -  -  -  w  w  y  y  y
grants.list                     -  -  -  -  y  -  -  -  w  w  y  y  y
groups.addMembers               -  -  -  -  -  -  -  w  -  -  -  y  y
groups.create                   -  -  -  -  -  -  -  -  -  -  -  y  y
groups.delete                   -  -  -  -  -  -  -  -  -  -  -  y  y
groups.get                      -  -  -  -  y  -  -  w  w  w  y  y  y
groups.list                     -  -  -  -  y  -  -  w  w  w  y  y  y
groups.members                  -  -  -  -  y  -  -  w  w  w  y  y  y
groups.nest                     -  -  -  -  -  -  -  -  -  -  -  y  y
groups.nested                   -  -  -  -  y  -  -  w  w  w  y  y  y
groups.removeMember             -  -  -  -  -  -  -  w  -  -  -  y  y
groups.unnest                   -  -  -  -  -  -  -  -  -  -  -  y  y
groups.update                   -  -  -  -  -  -  -  -  -  -  -  y  y
guestPolicy.get                 -  -  -  -  y  -  w  -  w  w  y  y  y
guestPolicy.update              -  -  -  -  -  -  w  -  -  w  -  y  y
guests.assign                   -  -  -  -  -  -  -  -  -  w  -  y  y
guests.convert                  -  -  -  -  -  -  -  -  -  w  -  y  y
guests.extend                   -  -  -  -  -  -  -  -  -  w  -  y  y
guests.get                      -  -  -  -  y  -  -  -  w  w  y  y  y
guests.list                     -  -  -  -  y  -  -  -  w  w  y  y  y
guests.remove                   -  -  -  -  -  -  -  -  -  w  -  y  y
guests.update                   -  -  -  -  -  -  -  -  -  w  -  y  y
invitations.approve             -  -  -  -  -  -  w  -  w  w  -  y  y
invitations.copyLink            -  -  -  -  -  -  w  -  w  w  -  y  y
invitations.correct             -  -  -  -  -  -  -  -  -  -  -  y  y
invitations.create              -  -  -  -  -  -  w  -  w  w  -  y  y
invitations.extend              -  -  -  -  -  -  w  -  w  w  -  y  y
invitations.get                 -  -  -  -  y  -  w  -  w  w  y  y  y
invitations.import              -  -  -  -  -  -  -  -  -  -  -  y  y
invitations.list                -  -  -  -  y  -  w  -  w  w  y  y  y
invitations.previewImport       -  -  -  -  -  -  -  -  -  -  -  y  y
invitations.resend              -  -  -  -  -  -  w  -  w  w  -  y  y
invitations.revoke              -  -  -  -  -  -  w  -  w  w  -  y  y
jobs.cancel                     -  -  -  y  -  -  -  -  -  -  -  y  y
jobs.get                        -  -  -  y  -  -  -  -  -  -  -  y  y
jobs.list                       -  -  w  y  w  w  w  w  w  w  w  y  y
jobs.results                    -  -  -  y  -  -  -  -  -  -  -  y  y
links.create                    -  -  -  -  -  -  -  -  -  -  -  y  y
links.disable                   -  -  -  -  -  -  -  -  -  -  -  y  y
links.get                       -  -  -  -  y  -  -  -  -  -  y  y  y
links.list                      -  -  -  -  y  -  -  -  -  -  y  y  y
links.reset                     -  -  -  -  -  -  -  -  -  -  -  y  y
links.uses                      -  -  -  -  y  -  -  -  -  -  y  y  y
mails.get                       -  -  -  -  y  -  -  -  -  -  y  y  y
mails.list                      -  -  -  -  y  -  -  -  -  -  y  y  y
mails.cancel                    -  -  -  -  -  -  -  -  -  -  -  y  y
mails.retry                     -  -  -  -  -  -  -  -  -  -  -  y  y
mailSuppressions.list           -  -  -  -  y  -  -  -  -  -  y  y  y
mailSuppressions.remove         -  -  -  -  -  -  -  -  -  -  -  y  y
mailTexts.get                   -  -  -  -  y  -  -  -  -  -  y  y  y
mailTexts.list                  -  -  -  -  y  -  -  -  -  -  y  y  y
mailTexts.preview               -  -  -  -  y  -  -  -  -  -  y  y  y
mailTexts.reset                 -  -  -  -  -  -  -  -  -  -  -  y  y
mailTexts.set                   -  -  -  -  -  -  -  -  -  -  -  y  y
me.capabilities                 -  -  y  y  y  y  y  y  y  y  y  y  y
me.get                          -  -  y  y  y  y  y  y  y  y  y  y  y
openapi.get                     y  y  y  y  y  y  y  y  y  y  y  y  y
presets.apply                   -  -  -  -  -  -  -  -  -  -  -  y  y
presets.list                    -  -  -  -  y  -  -  -  -  -  y  y  y
products.access                 -  -  w  -  y  -  -  -  w  w  y  y  y
products.create                 -  -  -  -  -  -  w  -  -  w  -  y  y
products.defaultGroups          -  -  -  -  y  -  w  -  w  w  y  y  y
products.get                    -  -  -  -  y  -  w  -  w  w  y  y  y
products.list                   -  -  -  -  y  -  w  -  w  w  y  y  y
products.setDefaultGroup        -  -  -  -  -  -  w  -  -  w  -  y  y
products.update                 -  -  -  -  -  -  w  -  -  w  -  y  y
requests.approve                -  -  -  -  -  -  -  -  -  -  -  y  y
requests.deny                   -  -  -  -  -  -  -  -  -  -  -  y  y
requests.get                    -  -  -  -  y  -  -  -  -  -  y  y  y
requests.list                   -  -  -  -  y  -  -  -  -  -  y  y  y
requests.snooze                 -  -  -  -  -  -  -  -  -  -  -  y  y
requests.unblock                -  -  -  -  -  -  -  -  -  -  -  y  y
rights.get                      -  -  -  -  y  -  -  -  -  w  y  y  y
rights.give                     -  -  -  -  -  -  -  -  -  w  -  y  y
rights.list                     -  -  -  -  y  -  -  -  -  w  y  y  y
rights.take                     -  -  -  -  -  -  -  -  -  w  -  y  y
runs.approve                    -  -  -  -  -  -  -  -  -  -  -  y  y
runs.conflicts                  -  -  -  -  y  -  -  -  -  -  y  y  y
runs.discard                    -  -  -  -  -  -  -  -  -  -  -  y  y
runs.get                        -  -  -  -  y  -  -  -  -  -  y  y  y
runs.list                       -  -  -  -  y  -  -  -  -  -  y  y  y
runs.plan                       -  -  -  -  y  -  -  -  -  -  y  y  y
runs.undo                       -  -  -  -  -  -  -  -  -  -  -  y  y
schemaExtensions.get            -  -  -  -  y  -  -  -  -  -  y  y  y
schemaExtensions.set            -  -  -  -  -  -  -  -  -  -  -  y  y
session.begin                   y  y  y  y  y  y  y  y  y  y  y  y  y
session.beginSecondFactor       -  -  -  -  -  -  y  y  y  y  y  y  y
session.breakGlass              y  y  y  y  y  y  y  y  y  y  y  y  y
session.changePassword          -  -  -  -  -  -  y  y  y  y  y  y  y
session.confirmSecondFactor     -  -  -  -  -  -  y  y  y  y  y  y  y
session.end                     -  -  -  -  -  -  y  y  y  y  y  y  y
session.get                     -  -  -  -  -  -  y  y  y  y  y  y  y
session.reauthenticate          -  -  -  -  -  -  y  y  y  y  y  y  y
session.removeSecondFactor      -  -  -  -  -  -  y  y  y  y  y  y  y
session.renewRecoveryCodes      -  -  -  -  -  -  y  y  y  y  y  y  y
sessions.end                    -  -  -  -  -  -  y  y  y  y  y  y  y
sessions.endAll                 -  -  -  -  -  -  y  y  y  y  y  y  y
sessions.list                   -  -  -  -  -  -  y  y  y  y  y  y  y
seats.list                      -  -  -  -  y  -  w  -  w  w  y  y  y
settings.get                    -  -  -  -  y  -  -  -  -  -  y  y  y
settings.update                 -  -  -  -  -  -  -  -  -  -  -  y  y
setup.run                       y  y  y  y  y  y  y  y  y  y  y  y  y
signUp.allowDomain              -  -  -  -  -  -  -  -  -  -  -  y  y
signUp.get                      -  -  -  -  y  -  -  -  -  -  y  y  y
signUp.set                      -  -  -  -  -  -  -  -  -  -  -  y  y
signUp.test                     -  -  -  -  y  -  -  -  -  -  y  y  y
signUpDomains.get               -  -  -  -  y  -  -  -  -  -  y  y  y
signUpDomains.set               -  -  -  -  -  -  -  -  -  -  -  y  y
singleSignOn.callback           y  y  y  y  y  y  y  y  y  y  y  y  y
singleSignOn.get                -  -  -  -  y  -  -  -  -  -  y  y  y
singleSignOn.remove             -  -  -  -  -  -  -  -  -  -  -  y  y
singleSignOn.set                -  -  -  -  -  -  -  -  -  -  -  y  y
singleSignOn.start              y  y  y  y  y  y  y  y  y  y  y  y  y
singleSignOnBindings.list       -  -  -  -  y  -  -  -  -  -  y  y  y
singleSignOnBindings.make       -  -  -  -  -  -  -  -  -  -  -  y  y
singleSignOnBindings.remove     -  -  -  -  -  -  -  -  -  -  -  y  y
sites.create                    -  -  -  -  -  -  -  -  -  -  -  y  y
sites.get                       -  -  -  -  y  -  w  -  -  w  y  y  y
sites.list                      -  -  -  -  y  -  w  -  -  w  y  y  y
sites.members                   -  -  -  -  y  -  -  -  -  w  y  y  y
sites.update                    -  -  -  -  -  -  -  -  -  w  -  y  y
spaces.create                   -  -  -  -  -  -  w  -  -  w  -  y  y
spaces.get                      -  -  -  -  y  -  w  -  w  w  y  y  y
spaces.list                     -  -  -  -  y  -  w  -  w  w  y  y  y
spaces.update                   -  -  -  -  -  -  w  -  -  w  -  y  y
tokens.create                   -  -  -  -  -  -  -  -  -  w  -  y  y
tokens.get                      -  -  -  -  y  -  -  -  -  w  y  y  y
tokens.list                     -  -  -  -  y  -  -  -  -  w  y  y  y
tokens.revoke                   -  -  -  -  -  -  -  -  -  w  -  y  y
tokens.rotate                   -  -  -  -  -  -  -  -  -  w  -  y  y
users.access                    -  -  -  -  y  -  -  -  -  -  y  y  y
users.addressChanges            -  -  -  -  y  -  -  -  -  -  y  y  y
users.bulk                      -  -  -  -  -  -  -  -  -  -  -  y  y
users.cancelAddressChange       -  -  -  -  -  -  -  -  -  -  -  y  y
users.changeAddress             -  -  -  -  -  -  -  -  -  -  -  y  y
users.confirm                   -  -  -  -  -  -  -  -  -  -  -  y  y
users.create                    -  -  -  -  -  -  -  -  -  -  -  y  y
users.deactivate                -  -  -  -  -  -  -  -  -  -  -  y  y
users.duplicates                -  -  -  -  y  -  -  -  -  -  y  y  y
users.erase                     -  -  -  -  -  -  -  -  -  -  -  y  y
users.explain                   -  -  -  -  y  -  -  -  -  -  y  y  y
users.get                       -  -  -  -  y  -  -  -  -  -  y  y  y
users.groups                    -  -  -  -  y  -  -  -  -  -  y  y  y
users.list                      -  -  -  -  y  -  -  -  -  -  y  y  y
users.merge                     -  -  -  -  -  -  -  -  -  -  -  y  y
users.offBoard                  -  -  -  -  -  -  -  -  -  -  -  y  y
users.offBoarding               -  -  -  -  -  -  -  -  -  -  -  y  y
users.reactivate                -  -  -  -  -  -  -  -  -  -  -  y  y
users.remove                    -  -  -  -  -  -  -  -  -  -  -  y  y
users.resendAddressChange       -  -  -  -  -  -  -  -  -  -  -  y  y
users.resendInvite              -  -  -  -  -  -  -  -  -  -  -  y  y
users.restore                   -  -  -  -  -  -  -  -  -  -  -  y  y
users.revokeAccess              -  -  -  -  -  -  -  -  -  -  -  y  y
users.suspend                   -  -  -  -  -  -  -  -  -  -  -  y  y
users.undoRemove                -  -  -  -  -  -  -  -  -  -  -  y  y
users.unmerge                   -  -  -  -  -  -  -  -  -  -  -  y  y
users.tellUserName              -  -  -  -  -  -  -  -  -  -  -  y  y
users.update                    -  -  -  -  -  -  -  -  -  -  -  y  y
users.why                       -  -  -  -  y  -  -  -  -  -  y  y  y
users.wrongAddress              -  -  -  -  -  -  -  -  -  -  -  y  y
webhooks.create                 -  -  -  -  -  -  -  -  -  -  -  y  y
webhooks.deliveries             -  -  -  -  y  -  -  -  -  -  y  y  y
webhooks.disable                -  -  -  -  -  -  -  -  -  -  -  y  y
webhooks.enable                 -  -  -  -  -  -  -  -  -  -  -  y  y
webhooks.get                    -  -  -  -  y  -  -  -  -  -  y  y  y
webhooks.list                   -  -  -  -  y  -  -  -  -  -  y  y  y
webhooks.remove                 -  -  -  -  -  -  -  -  -  -  -  y  y
webhooks.replay                 -  -  -  -  -  -  -  -  -  -  -  y  y
webhooks.replayDelivery         -  -  -  -  -  -  -  -  -  -  -  y  y
webhooks.rotateSecret           -  -  -  -  -  -  -  -  -  -  -  y  y
webhooks.test                   -  -  -  -  -  -  -  -  -  -  -  y  y
webhooks.update                 -  -  -  -  -  -  -  -  -  -  -  y  y
`;

/** yes: for the whole organization. within: for what the caller has a right for. */
export type Cell = "yes" | "within" | "no";

const CELLS: Readonly<Record<string, Cell>> = { y: "yes", w: "within", "-": "no" };

/** The cells of every operation, by its id. */
export const TABLE: ReadonlyMap<string, ReadonlyMap<ActorName, Cell>> = new Map(
  LINES.trim()
    .split("\n")
    .slice(1)
    .map((line) => {
      const [operation = "", ...marks] = line.split(/ +/);
      const cells = marks.map((mark) => CELLS[mark]);
      if (cells.length !== ACTORS.length || cells.includes(undefined))
        throw new Error(`the line of ${operation} is no line`);
      return [operation, new Map(ACTORS.map((actor, at) => [actor, cells[at] as Cell]))];
    }),
);
