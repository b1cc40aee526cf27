export const mail = {
  title: "Mails",
};
