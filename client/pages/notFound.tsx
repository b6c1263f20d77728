import { Title } from '../parts/frame.tsx';
import { Link } from '../router.tsx';
import { t } from '../words.ts';

export function NotFoundPage() {
  return (
    <div class="page">
      <Title>{t('app.not-found')}</Title>
      <p>
        <Link to="/">{t('app.home')}</Link>
      </p>
    </div>
  );
}
