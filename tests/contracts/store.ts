import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { atomically, isUniqueViolation, type Store } from '../../server/storage/store.ts';
import { nameKey } from '../../server/storage/tables.ts';

/** The behaviour of the plain tables in every store. */
export function describeStore(name: string, openPlace: () => Promise<() => Promise<Store>>): void {
  describe(name, () => {
    let open: () => Promise<Store>;
    let store: Store;

    beforeAll(async () => {
      open = await openPlace();
      store = await open();
    });
    afterAll(() => store.close());
    beforeEach(async () => {
      for (const table of ['sessions', 'invitations', 'accreditations', 'accounts'] as const) {
        await store.tables.deleteFrom(table).execute();
      }
    });

    const account = (id: string, name: string) => ({
      id,
      name,
      name_key: nameKey(name),
      password_hash: null,
      administrator: 0,
      created_at: 1_790_000_000_123,
    });
    const insertAccount = (id: string, name: string) => store.tables.insertInto('accounts').values(account(id, name));
    const insertInvitation = (id: string) =>
      store.tables.insertInto('invitations').values({
        id,
        meeting_id: null,
        participant_id: null,
        kind: 'administrator',
        created_by: null,
        expires_at: 9,
        used_at: null,
      });
    const useInvitation = (id: string) =>
      store.tables.updateTable('invitations').set({ used_at: 5 }).where('id', '=', id).where('used_at', 'is', null);

    test('a row comes back with the types that it was given', async () => {
      await insertAccount('a1', 'Señora Ñuñez').execute();
      expect(await store.tables.selectFrom('accounts').selectAll().execute()).toEqual([account('a1', 'Señora Ñuñez')]);
    });

    test.each([
      ['argentina', 'ARGENTINA'],
      ['Ñandú', 'ñandú'],
      ['ﬁji', 'FIJI'],
      ['México', 'Me\u0301xico'],
    ])('%s and %s are one name', async (one, other) => {
      await insertAccount('a1', one).execute();
      const refused = await insertAccount('a2', other)
        .execute()
        .catch((error: unknown) => error);
      expect(isUniqueViolation(refused)).toBe(true);
    });

    test('a session goes with its account, and can belong to nobody else', async () => {
      await insertAccount('a1', 'chair').execute();
      const session = (account_id: string) =>
        store.tables.insertInto('sessions').values({ id: `s-${account_id}`, account_id, expires_at: 7 });
      await session('a1').execute();
      await expect(session('nobody').execute()).rejects.toThrow();
      await store.tables.deleteFrom('accounts').where('id', '=', 'a1').execute();
      expect(await store.tables.selectFrom('sessions').selectAll().execute()).toEqual([]);
    });

    test('changes are counted, and returned where asked', async () => {
      await insertInvitation('i1').execute();
      expect((await useInvitation('i1').executeTakeFirst()).numUpdatedRows).toBe(1n);
      expect((await useInvitation('i1').executeTakeFirst()).numUpdatedRows).toBe(0n);
      const returned = await store.tables.deleteFrom('invitations').returning(['id', 'used_at']).execute();
      expect(returned).toEqual([{ id: 'i1', used_at: 5 }]);
    });

    test('an invitation is used once, however many try at once', async () => {
      await insertInvitation('i1').execute();
      const tries = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          atomically(store, [
            { mustChange: useInvitation('i1').compile() },
            insertAccount(`a${index}`, `name ${index}`).compile(),
          ]),
        ),
      );
      expect(tries.filter((results) => results !== null)).toHaveLength(1);
      expect(await store.tables.selectFrom('accounts').select('id').execute()).toHaveLength(1);
    });

    test('statements of one transaction are undone together when one fails', async () => {
      await insertAccount('a1', 'chair').execute();
      await insertInvitation('i1').execute();
      const failed = await atomically(store, [
        { mustChange: useInvitation('i1').compile() },
        insertAccount('a2', 'CHAIR').compile(),
      ]).catch((error: unknown) => error);
      expect(isUniqueViolation(failed)).toBe(true);
      expect(await store.tables.selectFrom('invitations').select('used_at').execute()).toEqual([{ used_at: null }]);
    });

    test('a failed statement keeps nobody else from being stored', async () => {
      const fates = await Promise.allSettled(
        Array.from({ length: 20 }, (_, index) => insertAccount(`a${index}`, `name ${index >> 1}`).execute()),
      );
      expect(fates.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
      expect(await store.tables.selectFrom('accounts').select('id').execute()).toHaveLength(10);
    });

    test('nonsense is refused with the words of the database', async () => {
      const nonsense = store.tables.selectFrom('accounts').select('id').where('id', '=', 'a1').compile();
      await expect(store.tables.executeQuery({ ...nonsense, sql: 'selekt' })).rejects.toThrow(/syntax error/);
    });

    test('opening a store again keeps its rows', async () => {
      await insertAccount('a1', 'chair').execute();
      await store.close();
      store = await open();
      expect(await store.tables.selectFrom('accounts').select('name').execute()).toEqual([{ name: 'chair' }]);
    });
  });
}
