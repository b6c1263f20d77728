/** The effect of an amendment, in words. */
export const kindKeys = {
  add: 'kind.add',
  delete: 'kind.delete',
  replace: 'kind.replace',
  'new clause': 'kind.new-clause',
  'delete clause': 'kind.delete-clause',
} as const;
/** The outcome of an amendment, in words. */
export const stateKeys = {
  open: 'state.open',
  adopted: 'state.adopted',
  'not adopted': 'state.not-adopted',
  withdrawn: 'state.withdrawn',
  superseded: 'state.superseded',
  fallen: 'state.fallen',
} as const;
