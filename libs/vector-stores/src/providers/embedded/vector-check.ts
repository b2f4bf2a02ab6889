// Refuses vectors that cannot be compared, as every store does.
export { checkVector } from '#ports';
