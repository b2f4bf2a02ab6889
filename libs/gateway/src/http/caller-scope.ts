// Whose data an administrator may act on: the own tenant's; of others, and of all, only an operator.
import type { Caller } from '#auth';
import { failure } from '#ports';

/** The caller's own tenant; another for an operator only. */
export function tenantFor(caller: Caller, tenant: string | undefined): string {
  if (tenant !== undefined && tenant !== caller.tenant) mustOperate(caller);
  return tenant ?? caller.tenant;
}

/** As `tenantFor`, but an operator that names none means all. */
export function scopeOf(caller: Caller, tenant: string | undefined): string | undefined {
  return caller.operator && tenant === undefined ? undefined : tenantFor(caller, tenant);
}

/** @throws Failure `auth.operator` */
export function mustOperate(caller: Caller): void {
  if (!caller.operator) throw failure('auth.operator', {});
}
