// One meaning of score for all stores: that of the ports, where strangers find it too.
export { similarity } from '#ports';
