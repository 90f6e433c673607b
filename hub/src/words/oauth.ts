// OAuth applications.

export const oauth = {
  title: 'OAuth applications',
  about: 'Programs of others that act for a merchant, with the consent of somebody who administers it.',
  emptyTitle: 'No application has access',
  empty: 'When somebody allows a program to act for a merchant, it is here until that ends.',
  failed: 'The applications could not be read',
  grantedBy: (email: string) => `Allowed by ${email},`,
  end: 'End access',
  endOf: (client: string, merchant: string) => `End the access of ${client} to ${merchant}`,
  endTitle: (client: string) => `End the access of ${client}?`,
  endAbout: (merchant: string) =>
    `It can do nothing for ${merchant} any more, at once. To act again it has to ask again.`,
  ending: 'Ending…',
  endFailed: 'The access was not ended',
}
