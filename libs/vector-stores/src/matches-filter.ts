// One meaning of the portable filter for all stores: that of the ports, where strangers find it too.
export { isInOrder, matchesFilter } from '#ports';
