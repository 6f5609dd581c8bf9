/* Statutory retirement age with the delay from 2025 (全国人大常委会 2024-09-13). Months only; pure. */
#pragma once
#include "server/insurance/month.h"

enum retire_class { RETIRE_NONE, RETIRE_M60, RETIRE_F55, RETIRE_F50, RETIRE_CLASS_COUNT };
struct retire {
	int delay_months;
	int age_months;       /* original age and delay */
	int month;            /* 退休年月 */
	int earliest, latest; /* 弹性提前 and 弹性延迟; earliest is 0 before 2025 */
	int min_months;       /* contribution months needed at `month` */
};
struct retire retire_of(enum retire_class c, int birth_month);
int retire_min_months(int month); /* 180 up to 2029, then 6 more a year, 240 from 2039 */
