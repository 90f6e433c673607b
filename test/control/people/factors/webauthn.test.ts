import t from 'tap'
import { webauthn } from '../../../../src/control/people/factors/webauthn.ts'

t.test('the library is there when it is asked for, whole', async (t) => {
  const library = await webauthn()
  t.type(library.verifyAuthenticationResponse, 'function')
  t.type(library.decodeAttestationObject, 'function')
})
