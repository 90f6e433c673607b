// Who is next where there are not enough connections for all: the party that holds the fewest, and of those that hold as many the one
// whose turn is longest ago. So a burst queues behind itself: whoever else comes waits for one connection to become free. What a
// request costs is the time that it holds a connection, which nobody knows before its end; what is held at the moment is known, and
// tells of long requests while they run.
//
// A party is a merchant, or all those together of whom no key is known; within it, its clients share in the same way. Kept only
// while connections are scarce. Each step costs the same, however many wait.

import { Levels } from './levels.ts'
import { Queue, type Queued } from './queue.ts'

/** What waits for a connection, or holds one. */
export interface Sharer<T extends Sharer<T>> {
  /** Name of the party. */
  readonly party: string
  /** Name of the client in it. */
  readonly client: string
  /** Its turn, which is the share's own. */
  turn: Turn<T> | undefined
}

/** One that waits, at its client's place; it keeps that while it holds a connection. */
export class Turn<T extends Sharer<T>> implements Queued<Turn<T>> {
  queuedIn: Queue<Turn<T>> | undefined
  queuedBefore: Turn<T> | undefined
  queuedAfter: Turn<T> | undefined
  readonly one: T
  readonly lane: Lane<T>

  constructor(one: T, lane: Lane<T>) {
    this.one = one
    this.lane = lane
  }
}

/** A lane's place among those that have another number in common: it has two of them. */
class Place<T extends Sharer<T>> implements Queued<Place<T>> {
  queuedIn: Queue<Place<T>> | undefined
  queuedBefore: Place<T> | undefined
  queuedAfter: Place<T> | undefined
  readonly lane: Lane<T>

  constructor(lane: Lane<T>) {
    this.lane = lane
  }
}

/** The lanes in a lane: by name; those that wait by what they hold, but for those that are set aside; and by how many wait. */
class Inside<T extends Sharer<T>> {
  readonly lanes = new Map<string, Lane<T>>()
  readonly byHeld = new Levels<Place<T>>()
  readonly byWaiting = new Levels<Place<T>>()

  get next(): Lane<T> | undefined {
    return this.byHeld.firstOfLowest()?.lane
  }

  get mostWaiting(): Lane<T> | undefined {
    return this.byWaiting.firstOfHighest()?.lane
  }
}

/** A party, or a client of it. A class: there is one for each that has something under way. */
class Lane<T extends Sharer<T>> {
  readonly name: string
  readonly among: Inside<T>
  readonly party: Lane<T> | undefined
  /** Of a party. */
  readonly inside: Inside<T>
  /** Of a client: what waits. */
  readonly turns = new Queue<Turn<T>>()
  held = 0
  waiting = 0
  readonly #heldPlace: Place<T> = new Place<T>(this)
  readonly #waitingPlace: Place<T> = new Place<T>(this)
  #isAside = false

  constructor(name: string, among: Inside<T>, party?: Lane<T>) {
    this.name = name
    this.among = among
    this.party = party
    // A client has none; one for all of them is never looked into.
    this.inside = party === undefined ? new Inside() : among
  }

  /** Changes both numbers, by one at most, and those of its party. */
  change(held: number, waiting: number): void {
    const { byHeld, byWaiting, lanes } = this.among
    const hadSome = this.waiting > 0
    const hasSome = this.waiting + waiting > 0
    if (hadSome && waiting !== 0) byWaiting.remove(this.#waitingPlace, this.waiting)
    // Who has more waiting than before keeps its turn.
    const moves = held !== 0 || hadSome !== hasSome
    if (hadSome && moves && !this.#isAside) byHeld.remove(this.#heldPlace, this.held)
    this.held += held
    this.waiting += waiting
    if (hasSome && waiting !== 0) byWaiting.add(this.#waitingPlace, this.waiting)
    if (hasSome && moves && !this.#isAside) byHeld.add(this.#heldPlace, this.held)
    if (!hasSome && this.held === 0) lanes.delete(this.name)
    this.party?.change(held, waiting)
  }

  /** Nothing of it may go on for now: it is passed over. */
  setAside(): void {
    if (this.#isAside) return
    this.#isAside = true
    this.among.byHeld.remove(this.#heldPlace, this.held)
    if (this.among.next === undefined) this.party?.setAside()
  }

  /** It may again, in the place that it had. */
  putBack(): void {
    if (!this.#isAside) return
    this.#isAside = false
    if (this.waiting > 0) this.among.byHeld.add(this.#heldPlace, this.held, 'first')
    this.party?.putBack()
  }
}

export interface FairShare<T> {
  /** It waits, behind all of its client. */
  wait(one: T): void
  /** It waits no more. */
  leave(one: T): void
  /** It waits no more and holds a connection. */
  take(one: T): void
  /** It holds one no more. */
  give(one: T): void
  /**
   * Offers what waits, in the order of turns, as long as `isOpen`. `offer` calls `take` for what it takes, and gives
   * whether it did; of a client of whom it takes nothing nothing more is offered.
   */
  serve(isOpen: () => boolean, offer: (one: T) => boolean): void
  /**
   * Whose place somebody may have who comes anew: the newest of whoever has most waiting, if that is still as many as the
   * newcomer has then; undefined: nobody's.
   */
  yields(party: string, client: string): T | undefined
}

/** Begins with nobody. */
export function createFairShare<T extends Sharer<T>>(): FairShare<T> {
  const all = new Inside<T>()

  function laneOf({ party: of, client }: T): Lane<T> {
    let party = all.lanes.get(of)
    if (party === undefined) all.lanes.set(of, (party = new Lane(of, all)))
    const { inside } = party
    let lane = inside.lanes.get(client)
    if (lane === undefined) inside.lanes.set(client, (lane = new Lane(client, inside, party)))
    return lane
  }

  function leave({ turn }: T, held: number): void {
    turn?.lane.turns.remove(turn)
    turn?.lane.change(held, -1)
  }

  return {
    wait(one) {
      const lane = laneOf(one)
      one.turn = new Turn(one, lane)
      lane.turns.push(one.turn)
      lane.change(0, 1)
    },
    leave: (one) => leave(one, 0),
    take(one) {
      if (one.turn?.queuedIn !== undefined) return leave(one, 1)
      const lane = laneOf(one)
      one.turn = new Turn(one, lane)
      lane.change(1, 0)
    },
    give: ({ turn }) => turn?.lane.change(-1, 0),
    serve(isOpen, offer) {
      const aside: Lane<T>[] = []
      while (isOpen()) {
        const party = all.next
        if (party === undefined) break
        const client = party.inside.next
        if (client !== undefined && offerFirst(client, offer, isOpen)) continue
        // Of a party all of whose clients are set aside, the rest having been taken, there is nothing left either.
        const lane = client ?? party
        lane.setAside()
        aside.push(lane)
      }
      for (let lane = aside.pop(); lane !== undefined; lane = aside.pop()) lane.putBack()
    },
    yields(party, client) {
      const mine = all.lanes.get(party)
      const most = all.mostWaiting
      if (most === undefined) return undefined
      if (most.waiting > (mine?.waiting ?? 0) + 1) return newestOf(most)
      const other = mine?.inside.mostWaiting
      const waiting = mine?.inside.lanes.get(client)?.waiting ?? 0
      return other !== undefined && other.waiting > waiting + 1 ? other.turns.last?.one : undefined
    },
  }
}

function newestOf<T extends Sharer<T>>({ inside }: Lane<T>): T | undefined {
  return inside.mostWaiting?.turns.last?.one
}

/** Of one client's, so many are offered in its turn: what stands first keeps what comes behind it waiting no longer than that. */
const mostOffered = 16

/** The first of a client's that is taken: others of its may need another connection. */
function offerFirst<T extends Sharer<T>>(
  { turns }: Lane<T>,
  offer: (one: T) => boolean,
  isOpen: () => boolean,
): boolean {
  let after: Turn<T> | undefined
  let left = mostOffered
  for (let turn = turns.first; turn !== undefined && left-- > 0 && isOpen(); turn = after) {
    after = turn.queuedAfter
    if (offer(turn.one)) return true
    // Whoever was told of something may have withdrawn another.
    if (after !== undefined && after.queuedIn !== turns) return false
  }
  return false
}
