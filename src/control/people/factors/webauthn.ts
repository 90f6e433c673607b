// The library of passkeys, which brings a parser of certificates and a few hundred files: read when somebody first uses one, so
// that a process which serves no people does without.

export const webauthn = async () => ({
  ...(await import('@simplewebauthn/server')),
  ...(await import('@simplewebauthn/server/helpers')),
})
